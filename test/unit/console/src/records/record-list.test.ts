import assert from "node:assert/strict";
import { test } from "node:test";
import type { StreamRecord } from "../../../../../console/src/records/record.ts";
import { RecordList, rowsMax } from "../../../../../console/src/records/record-list.ts";
import { SeededRandom } from "../../../../support/seeded-random.ts";

let lastId = 0;

function record(arrivalMs: number, shardIndex = 0, sequence = arrivalMs): StreamRecord {
  return {
    ...{ id: ++lastId, shardId: `shardId-${shardIndex}`, shardIndex, arrivalMs },
    ...{ sequenceNumber: String(sequence), partitionKey: "k", dataBase64: "" },
  };
}

test("batches of several shards in any order make one list by arrival", () => {
  const random = new SeededRandom(7);
  const list = new RecordList();
  const times: number[] = [];
  for (let batch = 0; batch < 200; batch++) {
    const records = Array.from({ length: random.integer(1, 5) }, () => record(random.integer(0, 999)));
    times.push(...records.map(({ arrivalMs }) => arrivalMs));
    list.insert(records);
  }
  assert.deepEqual(
    list.rows.map(({ arrivalMs }) => arrivalMs),
    times.sort((one, other) => one - other),
  );
});

test("records of one millisecond and shard keep the order of their sequence numbers, by value", () => {
  const list = new RecordList();
  list.insert([record(5, 0, 100), record(5, 0, 99), record(5, 1, 1)]);
  assert.deepEqual(
    list.rows.map(({ shardIndex, sequenceNumber }) => `${shardIndex}/${sequenceNumber}`),
    ["0/99", "0/100", "1/1"],
  );
});

test("a full list forgets the oldest records, and counts them", () => {
  const list = new RecordList();
  for (let at = 0; at < rowsMax + 1; at += 1_000) {
    list.insert(Array.from({ length: 1_000 }, (_, i) => record(at + i)));
  }
  assert(list.length <= rowsMax);
  assert.equal(list.length + list.forgotten, rowsMax + 1_000);
  assert.equal(list.rows[0]?.arrivalMs, list.forgotten);
});

test("rows are counted up to a record, whether the list has it, has forgotten it, or never had it", () => {
  const list = new RecordList();
  const rows = [record(10), record(20), record(20, 1), record(30)];
  list.insert(rows);
  assert.deepEqual(
    rows.map((row) => list.countUpTo(row)),
    [1, 2, 3, 4],
  );
  assert.equal(list.countUpTo(record(5)), 0);
  assert.equal(list.countUpTo(record(25)), 3);
  assert.equal(list.countUpTo(record(99)), 4);
  // What comes late below a row does not push it off the end.
  list.insert([record(15)]);
  assert.equal(list.rows[list.countUpTo(rows[1] as StreamRecord) - 1], rows[1]);
});
