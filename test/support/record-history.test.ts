import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ReadRecord, RecordHistory } from "./record-history.ts";

/** Two records of one writer, acknowledged in shard A as numbers 10 and 11. */
function twoPromised() {
  const history = new RecordHistory();
  const records = [0, 1].map((number): ReadRecord => {
    const sent = history.send(1, number, { partitionKey: "key", paddingBytes: 20 });
    history.promise(sent.id, { shardId: "A", sequenceNumber: String(10 + number) });
    return { Data: sent.data, PartitionKey: sent.partitionKey, SequenceNumber: String(10 + number) };
  });
  const [first, second] = records;
  assert(first !== undefined && second !== undefined);
  return { history, first, second };
}

describe("RecordHistory, which judges the server, is no easy judge:", () => {
  test("what came back as promised passes", () => {
    const { history, first, second } = twoPromised();
    history.seeWhole(new Map([["A", [first, second]]]));
  });

  test("a lost record is noticed", () => {
    const { history, first } = twoPromised();
    assert.throws(() => history.seeWhole(new Map([["A", [first]]])), /record 1:1 was promised .* is lost/);
  });

  test("a record that a reader saw, though never acknowledged, must stay", () => {
    const { history, first, second } = twoPromised();
    const sent = history.send(2, 0, { partitionKey: "key", paddingBytes: 0 });
    const seen = { Data: sent.data, PartitionKey: "key", SequenceNumber: "12" };
    history.seeWhole(new Map([["A", [first, second, seen]]]));
    assert.throws(() => history.seeWhole(new Map([["A", [first, second]]])), /record 2:0 .* is lost/);
  });

  test("a changed payload is noticed", () => {
    const { history, first, second } = twoPromised();
    const damaged = { ...second, Data: Buffer.from("1:1:xxxxxxxy:0").toString("base64") };
    assert.throws(() => history.seeWhole(new Map([["A", [first, damaged]]])), /is damaged/);
  });

  test("a changed partition key is noticed", () => {
    const { history, first, second } = twoPromised();
    assert.throws(
      () => history.seeWhole(new Map([["A", [first, { ...second, PartitionKey: "other" }]]])),
      /was not sent with partition key other/,
    );
  });

  test("an exchange of two records is noticed", () => {
    const { history, first, second } = twoPromised();
    const swapped = [
      { ...second, SequenceNumber: first.SequenceNumber },
      { ...first, SequenceNumber: second.SequenceNumber },
    ];
    assert.throws(() => history.seeWhole(new Map([["A", swapped]])), /record 1:1 was at A 11/);
  });

  test("an older number behind a newer one is noticed", () => {
    const { history } = twoPromised();
    const [early, late] = [2, 3].map((number) => history.send(1, number, { partitionKey: "key", paddingBytes: 0 }));
    assert(early !== undefined && late !== undefined);
    const unordered = [late, early].map((sent, index) => ({
      Data: sent.data,
      PartitionKey: "key",
      SequenceNumber: String(20 + index),
    }));
    assert.throws(() => history.see("A", unordered), /record 1:2 comes after 1:3/);
  });

  test("a record that is there twice is noticed", () => {
    const { history, first } = twoPromised();
    assert.throws(() => history.see("B", [{ ...first, SequenceNumber: "99" }]), /was at A 10 and is now at B 99/);
  });

  test("a sequence number that is given again is noticed", () => {
    const { history } = twoPromised();
    const sent = history.send(3, 0, { partitionKey: "key", paddingBytes: 0 });
    assert.throws(
      () => history.promise(sent.id, { shardId: "B", sequenceNumber: "10" }),
      /was given to record 1:0 and/,
    );
  });

  test("a record in another shard than promised is noticed", () => {
    const { history, first, second } = twoPromised();
    const shards = new Map([
      ["A", [first]],
      ["B", [second]],
    ]);
    assert.throws(() => history.seeWhole(shards), /record 1:1 was at A 11 and is now at B 11/);
  });
});
