import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { newestPython, reportMissing } from "../../support/available-tools.ts";
import { ServerProcess } from "../../support/start-server.ts";
import { startPythonCalls } from "./python-calls.ts";

interface Delivery {
  /** Records, or calls, that were throttled and tried again. */
  readonly refused: number;
  readonly seconds: number;
}

const streamName = "narrow";

/** boto3 against Amazon's limits and one shard: 1 MiB and 1,000 records a second. */
async function startProducers(t: TestContext, python: string) {
  const server = await ServerProcess.start({
    args: ["--engine", "memory", "--limits", "aws", "--stream", `${streamName}:1`],
  });
  t.after(() => server[Symbol.asyncDispose]());
  const producers = startPythonCalls({ python, script: "limited_producers.py", args: [server.endpoint] });
  t.after(() => producers.close());
  return producers;
}

/** Every record is there, and once: what was throttled had not been stored. */
function assertAllThere(numbers: readonly number[], count: number): void {
  assert.deepEqual(
    numbers.toSorted((a, b) => a - b),
    Array.from({ length: count }, (_, number) => number),
  );
}

/** A second's worth comes at once, the rest at the shard's rate; a machine that is slower by itself is not throttled. */
function assertThrottled({ refused, seconds }: Delivery, secondsWorth: number): void {
  assert(refused > 0 || seconds > secondsWorth, "the producer was throttled");
  assert(seconds >= (secondsWorth - 1) * 0.95, `${secondsWorth} seconds' worth went through in ${seconds} s`);
}

const boto3 = newestPython("boto3");

test("boto3 in adaptive mode delivers everything at three times the shard's rate", async (t) => {
  if (boto3 === undefined) return reportMissing(t, "boto3 (scripts/get-client-tools.mjs says why)");
  const producers = await startProducers(t, boto3.python);
  const [count, bytes] = [40, 128 * 1024];
  const delivery = await producers.call<Delivery>(
    "putRecord",
    streamName,
    count,
    bytes,
    (count * bytes) / 1024 ** 2 / 3,
  );
  assertThrottled(delivery, (count * bytes) / 1024 ** 2);
  assertAllThere(await producers.call("readNumbers", streamName), count);
});

test("the retry loop on PutRecords delivers everything to a shard that cannot take it at once", async (t) => {
  if (boto3 === undefined) return reportMissing(t, "boto3 (scripts/get-client-tools.mjs says why)");
  const producers = await startProducers(t, boto3.python);
  const count = 5_000;
  const delivery = await producers.call<Delivery>("putRecords", streamName, count);
  assertThrottled(delivery, count / 1_000);
  assertAllThere(await producers.call("readNumbers", streamName), count);
});
