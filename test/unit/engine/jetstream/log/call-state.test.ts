import assert from "node:assert/strict";
import { test } from "node:test";
import { EngineError, PartialAppendError } from "../../../../../src/engine/engine-error.ts";
import { CallState } from "../../../../../src/engine/jetstream/log/call-state.ts";

const unavailable = new EngineError("unavailable", "no leader");

async function failureOf(call: CallState): Promise<EngineError> {
  const error: unknown = await call.settled.catch((reason: unknown) => reason);
  assert(error instanceof EngineError);
  return error;
}

test("a call whose entries are all stored or sealed has their positions", async () => {
  const call = new CallState(2);
  call.resolve(1, 0n);
  call.resolve(0, 5n);
  assert.deepEqual(await call.settled, BigUint64Array.of(5n, 0n));
  assert.deepEqual(await new CallState(0).settled, new BigUint64Array(0));
});

test("a call of which one shard failed says of each entry what became of it", async () => {
  const call = new CallState(3);
  call.resolve(0, 5n);
  call.reject(1, unavailable);
  call.resolve(2, 0n);
  const error = await failureOf(call);
  assert(error instanceof PartialAppendError);
  assert.equal(error.kind, "indeterminate", "something was stored");
  assert.deepEqual(error.positions, BigUint64Array.of(5n, 0n, 0n));
  assert.deepEqual(error.failures, new Map([[1, unavailable]]));
});

test("a call that stored nothing fails as its entries do", async () => {
  const one = new CallState(2);
  one.reject(0, unavailable);
  one.reject(1, new EngineError("unavailable", "no leader"));
  assert.equal(await failureOf(one), unavailable);
  const several = new CallState(2);
  several.reject(0, unavailable);
  several.reject(1, new EngineError("indeterminate", "no answer"));
  const error = await failureOf(several);
  assert(error instanceof PartialAppendError);
  assert.equal(error.kind, "indeterminate");
  assert.deepEqual(
    [...error.failures.values()].map(({ kind }) => kind),
    ["unavailable", "indeterminate"],
  );
});
