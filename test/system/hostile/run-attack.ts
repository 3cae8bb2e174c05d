import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Credential } from "../../../src/auth/credential.ts";
import { RawConnection } from "../../support/raw-connection.ts";
import { signRequest } from "../../support/signed-request.ts";
import { ServerProcess } from "../../support/start-server.ts";
import { type Attack, attackerOf, type Target } from "./attack.ts";
import type { AttackOrder } from "./attacker.ts";
import type { PoliteClientOptions, PoliteFigures } from "./polite-client.ts";

/** What an attack did to the server and to the client beside it. */
export interface AttackResult {
  readonly name: string;
  readonly politeP99Ms: number;
  readonly politeMaxMs: number;
  /** Those of health, over a connection that is kept and over new ones. */
  readonly healthP99Ms: number;
  readonly newConnectionP99Ms: number;
  /** Longest delays of the event loops of the server and of the polite client. */
  readonly serverLoopMsMax: number;
  readonly politeLoopMsMax: number;
  readonly politeFailureCount: number;
  readonly rssMiBMax: number;
  /** What went wrong, as sentences; empty: the server withstood. */
  readonly faults: readonly string[];
}

const account = "111122223333";
const streamName = "orders";
const owner: Credential = { accessKeyId: "OWNER", secretAccessKey: "owner-secret", account };
const sampleMs = 100;
/** With this heap nothing may end the process. */
const heapMiB = 512;

/** Attacks a server of its own for `durationMs`, with a polite client beside. */
export function runAttack(attack: Attack, durationMs: number): Promise<AttackResult> {
  return withTarget(attack, (target, server) => measure(attack, { target, server, durationMs }));
}

/** Starts a server for an attack, with a heap in which nothing may end it. */
export async function withTarget<Result>(
  { policies, filledBytes = 0 }: Attack,
  use: (target: Target, server: ServerProcess) => Promise<Result>,
): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-hostile-"));
  const credentials = join(directory, "keys.json");
  const attacker = attackerOf(account);
  const entries = [owner, { ...attacker, ...(policies === undefined ? {} : { policies }) }];
  writeFileSync(credentials, JSON.stringify({ credentials: entries }), { mode: 0o600 });
  try {
    await using server = await ServerProcess.start({
      args: ["--credentials", credentials, "--log-level", "error"],
      env: { NODE_OPTIONS: `--max-old-space-size=${heapMiB}` },
    });
    const target: Target = { port: server.port, streamName, credential: attacker };
    await fill(target, filledBytes);
    return await use(target, server);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Measured {
  readonly target: Target;
  readonly server: ServerProcess;
  readonly durationMs: number;
}

async function measure(attack: Attack, { target, server, durationMs }: Measured): Promise<AttackResult> {
  const { pid } = server;
  let rssMiBMax = 0;
  let isRunning = true;
  const sampling = setInterval(() => {
    const rssMiB = rssMiBOf(pid);
    if (rssMiB === undefined) isRunning = false;
    else rssMiBMax = Math.max(rssMiBMax, rssMiB);
  }, sampleMs);
  const polite = fork(new URL("./polite-client.ts", import.meta.url));
  const attacker = fork(new URL("./attacker.ts", import.meta.url));
  const client: PoliteClientOptions = { port: target.port, credential: owner, streamName };
  polite.send(client);
  await once(polite, "message");
  const order: AttackOrder = { name: attack.name, target, durationMs };
  attacker.send(order);
  const [attackFaults] = (await once(attacker, "message")) as [readonly string[]];
  const faults = [...attackFaults];
  polite.send("stop");
  const [figures] = (await once(polite, "message")) as [PoliteFigures];
  clearInterval(sampling);
  if (!isRunning || rssMiBOf(pid) === undefined) faults.push(`the process ended: ${server.stderr.slice(-200).trim()}`);
  const { latenciesMs, healthLatenciesMs, newConnectionLatenciesMs, serverLoopMsMax, ownLoopMsMax } = figures;
  return {
    name: attack.name,
    politeP99Ms: percentileOf(latenciesMs, 0.99),
    politeMaxMs: percentileOf(latenciesMs, 1),
    healthP99Ms: percentileOf(healthLatenciesMs, 0.99),
    newConnectionP99Ms: percentileOf(newConnectionLatenciesMs, 0.99),
    serverLoopMsMax,
    politeLoopMsMax: ownLoopMsMax,
    politeFailureCount: figures.failures.length,
    rssMiBMax,
    faults: [...faults, ...new Set(figures.failures.slice(0, 3).map((failure) => `polite client: ${failure}`))],
  };
}

function percentileOf(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

/** Most memory that the process has held so far; undefined once it has ended. */
function rssMiBOf(pid: number): number | undefined {
  try {
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kib === undefined ? undefined : Number(kib) / 1024;
  } catch {
    return undefined;
  }
}

async function fill({ port }: Target, bytes: number): Promise<void> {
  const connection = await RawConnection.open(port);
  const call = async (operation: string, input: object): Promise<Readonly<Record<string, unknown>>> => {
    const signing = { target: `Kinesis_20131202.${operation}`, host: "127.0.0.1", nowMs: Date.now() };
    const { status, json } = await connection.send(signRequest(owner, JSON.stringify(input), signing));
    if (status !== 200) throw new Error(`${operation}: ${JSON.stringify(json)}`);
    return json;
  };
  await call("CreateStream", { StreamName: streamName, ShardCount: 1 });
  for (let status = ""; status !== "ACTIVE"; ) {
    const { StreamDescriptionSummary } = await call("DescribeStreamSummary", { StreamName: streamName });
    status = (StreamDescriptionSummary as { readonly StreamStatus: string }).StreamStatus;
  }
  const recordBytes = 512 * 1024;
  const Data = Buffer.alloc(recordBytes, 7).toString("base64");
  for (let filled = 0; filled < bytes; filled += recordBytes) {
    await call("PutRecord", { StreamName: streamName, PartitionKey: "k", Data });
  }
  connection.close();
}
