import assert from "node:assert/strict";
import { test } from "node:test";
import { ServiceError } from "../../../../src/model/service-error.ts";
import type { OperationName } from "../../../../src/model/shapes.generated.ts";
import { invokeAmongGateways } from "../../../../src/server/pipeline/invoke-among-gateways.ts";

const missing = new ServiceError("ResourceNotFoundException", "There is no such shard.");
const invalid = new ServiceError("InvalidArgumentException", "The number is of another shard.");

/** What a client gets of a call that fails with `error`, and how often it was carried out. */
async function outcomeOf(name: OperationName, error: ServiceError, catchUps: readonly boolean[]) {
  const left = [...catchUps];
  let count = 0;
  const invoke = async (): Promise<never> => {
    count += 1;
    throw error;
  };
  const told = await invokeAmongGateways(name, { catchUp: async () => left.shift() ?? false }, invoke).catch(
    (thrown: ServiceError) => thrown.type,
  );
  return { told, count, leftCount: left.length };
}

test("a gateway that is cut off from the others does not call their new shards and streams missing", async () => {
  for (const name of ["GetShardIterator", "PutRecord", "DescribeStream", "SubscribeToShard"] as const) {
    const { told, count } = await outcomeOf(name, missing, [false, false]);
    assert.deepEqual([told, count], ["InternalFailure", 1], name);
  }
});

test("a gateway refuses what is missing once it knows of all changes, and asks for them once", async () => {
  const put = await outcomeOf("PutRecord", missing, [true]);
  assert.deepEqual(put, { told: missing.type, count: 2, leftCount: 0 });
  const described = await outcomeOf("DescribeStream", missing, [true]);
  assert.deepEqual(described, { told: missing.type, count: 1, leftCount: 0 });
  const late = await outcomeOf("DescribeStream", missing, [false, true]);
  assert.deepEqual(late, { told: missing.type, count: 2, leftCount: 0 });
});

test("a refusal that no change can lift needs no other gateway", async () => {
  assert.deepEqual(await outcomeOf("PutRecord", invalid, [false]), { told: invalid.type, count: 1, leftCount: 1 });
});
