import assert from "node:assert/strict";
import { test } from "node:test";
import { deliveryOf, withOutcomes, withReceived } from "../../../../../console/src/queues/deliveries.ts";

function delivery(recordId: string, handle: string) {
  const record = { RecordId: recordId, ReceiptHandle: handle, PartitionKey: "key", Data: "AA==", ReceiveCount: 1 };
  return deliveryOf({ ...record, ApproximateArrivalTimestamp: 1.5, FirstReceiveTimestamp: 2 }, 30_000);
}

test("a record that comes again takes the place of its former delivery", () => {
  const first = withReceived([], [delivery("1", "a"), delivery("2", "b")]);
  const next = withReceived(first, [delivery("1", "c")]);
  assert.deepEqual(
    next.map(({ recordId, handle }) => [recordId, handle]),
    [
      ["1", "c"],
      ["2", "b"],
    ],
  );
});

test("each delivery of a call gets what became of it, and a later success takes its fault away", () => {
  const before = [delivery("1", "a"), delivery("2", "b"), delivery("3", "c")];
  const failed = [{ ReceiptHandle: "b", ErrorCode: "Expired", ErrorMessage: "too late" }];
  const after = withOutcomes(before, "acknowledged", { Successful: [{ ReceiptHandle: "a" }], Failed: failed });
  assert.deepEqual(
    after.map(({ outcome, fault }) => [outcome, fault]),
    [
      ["acknowledged", undefined],
      [undefined, "too late"],
      [undefined, undefined],
    ],
  );
  const again = withOutcomes(after, "given back", { Successful: [{ ReceiptHandle: "b" }], Failed: [] });
  assert.deepEqual([again[1]?.outcome, again[1]?.fault], ["given back", undefined]);
});
