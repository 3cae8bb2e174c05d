import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveStreamRef } from "../../../src/streams/stream-ref.ts";
import { serviceError } from "./stream-of.ts";

const caller = { account: "123456789012", region: "eu-west-1" };
const StreamARN = "arn:aws:kinesis:us-east-1:999999999999:stream/orders";

test("a name is the caller's own stream", () => {
  assert.deepEqual(resolveStreamRef({ StreamName: "orders" }, caller), { ...caller, name: "orders" });
});

test("an ARN says account and region itself, alone or with the same name", () => {
  const address = { account: "999999999999", region: "us-east-1", name: "orders" };
  assert.deepEqual(resolveStreamRef({ StreamARN }, caller), address);
  assert.deepEqual(resolveStreamRef({ StreamARN, StreamName: "orders" }, caller), address);
});

test("neither, both in disagreement, and the ARN of something else are refused", () => {
  const type = "InvalidArgumentException";
  assert.throws(() => resolveStreamRef({}, caller), serviceError(type, /Either StreamName or StreamARN/));
  assert.throws(
    () => resolveStreamRef({ StreamARN, StreamName: "other" }, caller),
    serviceError(type, "StreamARN and StreamName must refer to the same stream."),
  );
  assert.throws(
    () => resolveStreamRef({ StreamARN: `${StreamARN}/consumer/c:1` }, caller),
    serviceError(type, /StreamARN/),
  );
});
