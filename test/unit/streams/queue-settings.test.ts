import assert from "node:assert/strict";
import { test } from "node:test";
import { ServiceError } from "../../../src/model/service-error.ts";
import { parseStreamConfigurations, queueStartMs, withAttributes } from "../../../src/streams/queue-settings.ts";

const StreamARN = "arn:aws:kinesis:us-east-1:123456789012:stream/orders";

function isInvalid(error: unknown): boolean {
  return error instanceof ServiceError && error.type === "ValidationException";
}

test("a new queue has one stream and begins with what arrives from now on, unless it says otherwise", () => {
  assert.deepEqual(parseStreamConfigurations([{ StreamARN }]), { streamArn: StreamARN, start: { type: "LATEST" } });
  const at = { Type: "AT_TIMESTAMP", Timestamp: 7 } as const;
  assert.deepEqual(parseStreamConfigurations([{ StreamARN, StartingPosition: at }]).start, {
    type: "AT_TIMESTAMP",
    timeMs: 7,
  });
  assert.throws(() => parseStreamConfigurations([{ StreamARN }, { StreamARN }]), isInvalid);
});

test("a time is given with AT_TIMESTAMP alone, and always then", () => {
  for (const Type of ["LATEST", "TRIM_HORIZON"] as const) {
    const StartingPosition = { Type, Timestamp: 7 };
    assert.throws(() => parseStreamConfigurations([{ StreamARN, StartingPosition }]), isInvalid);
  }
  const StartingPosition = { Type: "AT_TIMESTAMP" } as const;
  assert.throws(() => parseStreamConfigurations([{ StreamARN, StartingPosition }]), isInvalid);
});

test("attributes that are not named have their defaults, or stay", () => {
  assert.deepEqual(withAttributes(), { visibilitySeconds: 30, receiveCountMax: 6 });
  const present = { visibilitySeconds: 0, receiveCountMax: 3 };
  assert.deepEqual(withAttributes({}, present), present);
  assert.deepEqual(withAttributes({ VisibilityTimeoutSeconds: 9 }, present), { ...present, visibilitySeconds: 9 });
  const none = withAttributes({ DeadLetterConfiguration: { TargetType: "NONE" } }, present);
  assert.deepEqual(none, { visibilitySeconds: 0 });
  assert.deepEqual(withAttributes({ VisibilityTimeoutSeconds: 1 }, none), { visibilitySeconds: 1 });
});

test("a receive count is given with BUILT_IN alone, and always then", () => {
  assert.throws(() => withAttributes({ DeadLetterConfiguration: { TargetType: "BUILT_IN" } }), isInvalid);
  const none = { TargetType: "NONE", MaxReceiveCount: 2 } as const;
  assert.throws(() => withAttributes({ DeadLetterConfiguration: none }), isInvalid);
});

test("a queue never begins before the trim horizon", () => {
  const createdMs = 500;
  assert.equal(queueStartMs({ createdMs, start: { type: "LATEST" } }, 100), 500);
  assert.equal(queueStartMs({ createdMs, start: { type: "LATEST" } }, 900), 900);
  assert.equal(queueStartMs({ createdMs, start: { type: "TRIM_HORIZON" } }, 100), 100);
  assert.equal(queueStartMs({ createdMs, start: { type: "AT_TIMESTAMP", timeMs: 300 } }, 100), 300);
  assert.equal(queueStartMs({ createdMs, start: { type: "AT_TIMESTAMP", timeMs: 30 } }, 100), 100);
  assert.equal(queueStartMs({ createdMs, start: { type: "AT_TIMESTAMP", timeMs: 9_000 } }, 100), 9_000);
});
