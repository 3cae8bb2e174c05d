import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "cborg";
import { outputShapes } from "../../../../src/model/constraints.generated.ts";
import { cborCodec } from "../../../../src/protocol/cbor/cbor-codec.ts";
import type { EncodedBody } from "../../../../src/protocol/codec/codec.ts";
import { jsonCodec } from "../../../../src/protocol/json/json-codec.ts";
import { encodeStructure } from "../../../../src/protocol/json/json-encode.ts";
import { queueRecordsOf } from "../../../../src/protocol/records/received-rows.ts";
import type { ReceivedRecords } from "../../../../src/records/received-records.ts";

const keys = ["plain", 'quoted " and \\ and \n', "\u0001\u001f", "ümläut 日本", undefined, ""];

/** One slice for each arrival time, with records whose data grows. */
function receivedOf(arrivals: readonly number[], disposed: () => void = () => undefined): ReceivedRecords {
  let row = 0;
  const slices = arrivals.map((arrivalMs) => {
    const parts: Buffer[] = [];
    for (const key of keys) {
      const head = Buffer.alloc(6);
      const data = Buffer.alloc(row * 7, row + 1);
      const keyBytes = Buffer.from(key ?? "");
      head.writeUInt32LE(data.length, 0);
      head.writeUInt16LE(key === undefined ? 0xffff : keyBytes.length, 4);
      parts.push(head, keyBytes, data);
      row += 1;
    }
    const body = Buffer.concat(parts);
    const first = { createSecond: 1_700_000_000, shardIndex: 3, position: BigInt(row), second: 77 };
    return { body, start: 0, end: body.length, count: keys.length, first, arrivalMs, kms: false };
  });
  const count = arrivals.length * keys.length;
  return {
    records: { count, dataBytes: 0, slices, lease: { [Symbol.dispose]: disposed } },
    receiptHandles: Array.from({ length: count }, (_, i) => String(i).padStart(44, "x")),
    receiveCounts: Array.from({ length: count }, (_, i) => i + 1),
    firstReceiveSeconds: Array.from({ length: count }, (_, i) => 1_800_000_000 + i),
  };
}

function bytesOf(body: EncodedBody): Buffer {
  if (typeof body === "string") return Buffer.from(body);
  return Buffer.from("bytes" in body ? body.bytes : body);
}

for (const arrivals of [[], [1_700_000_000_000], [1_700_000_000_123, 1_700_000_000_120, 1_700_000_001_000]]) {
  test(`records of a queue in ${arrivals.length} slices are written in JSON as by their shape, and let go`, () => {
    let disposedCount = 0;
    const received = receivedOf(arrivals, () => {
      disposedCount += 1;
    });
    const shape = outputShapes.ReceiveQueueRecords;
    assert(shape !== undefined);
    const expected = encodeStructure(shape, { QueueRecords: queueRecordsOf(received) });
    for (const name of ["ReceiveQueueRecords", "ReceiveDeadLetterQueueRecords"] as const) {
      assert.equal(bytesOf(jsonCodec.encode(name, { QueueRecords: received })).toString(), expected);
    }
    const cbor = bytesOf(cborCodec.encode("ReceiveQueueRecords", { QueueRecords: received }));
    const decoded = decode(cbor, { tags: { 1: (decoder: () => unknown) => decoder() } as never }) as {
      QueueRecords: { RecordId: string }[];
    };
    const parsed = JSON.parse(expected) as typeof decoded;
    assert.deepEqual(
      decoded.QueueRecords.map(({ RecordId }) => RecordId),
      parsed.QueueRecords.map(({ RecordId }) => RecordId),
    );
    assert.equal(disposedCount, 3);
  });
}
