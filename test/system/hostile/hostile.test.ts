import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { bytesOf, signed, type Target } from "./attack.ts";
import { openConnection, whenResponded } from "./attack-connection.ts";
import { largeBodies } from "./attacks/bodies-before-authentication.ts";
import { largeMetricCalls } from "./attacks/large-metric-calls.ts";
import { policyPatterns } from "./attacks/policy-patterns.ts";
import { repeatedSignedHeaders } from "./attacks/repeated-signed-headers.ts";
import { tokenOfQuotes } from "./attacks/token-of-quotes.ts";
import { withTarget } from "./run-attack.ts";

/** Few of a large one, or the test would last long. */
const requestCountOf = (bytes: number): number => (bytes < 1024 ** 2 ? 20 : 3);
/** Clock ticks of 10 ms are what /proc counts in; a request that costs less than one by this many is cheap. */
const ticksMax = 100;
/** How much more an attacker's request may cost than a harmless one of the same length. */
const factorMax = 20;

const noProc = process.platform === "linux" ? false : "needs /proc";

for (const attack of [repeatedSignedHeaders, tokenOfQuotes, policyPatterns, largeMetricCalls, ...largeBodies]) {
  test(`an attack by ${attack.name} costs the server about what harmless requests cost`, { skip: noProc }, async () => {
    await withTarget(attack, async (target, { pid }) => {
      for (const [index, request] of (attack.requests?.(target) ?? []).entries()) {
        const harmless = harmlessRequest(target, request.length);
        await ticksOf(harmless, target, pid);
        const harmlessTicks = await ticksOf(harmless, target, pid);
        const ticks = await ticksOf(request, target, pid);
        assert(
          ticks <= Math.max(ticksMax, factorMax * harmlessTicks),
          `request ${index}: ${ticks} ticks, a harmless one ${harmlessTicks}`,
        );
      }
    });
  });
}

function harmlessRequest(target: Target, bytes: number): Buffer {
  return bytesOf(signed(target, "PutRecords", { Unknown: "a".repeat(bytes) }));
}

/** CPU time of the server for some requests, each over a connection of its own. */
async function ticksOf(request: Buffer, { port }: Target, pid: number): Promise<number> {
  const before = ticksOfProcess(pid);
  const signal = AbortSignal.timeout(60_000);
  for (let sent = 0; sent < requestCountOf(request.length); sent++) {
    const connection = await openConnection(port);
    assert(connection !== undefined, "the server takes connections");
    connection.socket.write(request);
    await whenResponded(connection, signal);
    signal.throwIfAborted();
    const closed = once(connection.socket, "close");
    connection.socket.destroy();
    await closed;
  }
  return ticksOfProcess(pid) - before;
}

function ticksOfProcess(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}
