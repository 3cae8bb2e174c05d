import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonCodec } from "../../../../src/protocol/json/json-codec.ts";
import { type OrdinaryPut, ParsedPut, ScannedPut } from "../../../../src/protocol/records/parsed-put.ts";
import { scanJsonPut } from "../../../../src/protocol/records/scan-put.ts";

const record = '{"Data":"AAEC","PartitionKey":"a"}';

function takes(text: string, name: "PutRecord" | "PutRecords" = "PutRecords"): boolean {
  const scanned = scanJsonPut(name, Buffer.from(text));
  scanned?.lease?.[Symbol.dispose]();
  return scanned !== undefined;
}

test("scanJsonPut() takes members in any order, white space anywhere, and keys in any script", () => {
  assert.ok(takes(`{"StreamName":"a","Records":[${record}]}`));
  assert.ok(takes(` { "Records" : [ ${record} , ${record} ] , "StreamARN" : "arn" , "DryRun" : false } \r\n`));
  assert.ok(takes('{"Records":[{"PartitionKey":"\u{1f600}é","ExplicitHashKey":"0","Data":""},{"Data":"AA=="}]}'));
  assert.ok(takes('{"SequenceNumberForOrdering":"1","PartitionKey":"a","StreamName":"a","Data":""}', "PutRecord"));
});

test("scanJsonPut() leaves to the general path whatever is unusual", () => {
  for (const text of [
    "{}",
    '{"Records":[]}',
    `{"Records":[${Array.from({ length: 501 }, () => record).join(",")}]}`,
    `{"Records":[${record},]}`,
    `{"Records":[${record}],"Records":[${record}]}`,
    `{"Records":[${record}],"StreamId":"a"}`,
    `{"Records":[${record}],"StreamName":null}`,
    `{"Records":[${record}],"StreamName":"\u00e9"}`,
    `{"Records":[${record}]`,
    `{"Records":[${record}]}}`,
    `\ufeff{"Records":[${record}]}`,
    '{"Records":[{"PartitionKey":"a"}]}',
    '{"Records":[{"Data":"AAEC","PartitionKey":"\\u0061"}]}',
    '{"Records":[{"Data":"AAEC","PartitionKey":"a","ExplicitHashKey":"340282366920938463463374607431768211456"}]}',
  ]) {
    assert.equal(takes(text), false, text);
  }
});

test("a scanned put keeps its columns while others come and go, until it is disposed of", () => {
  const first = scanJsonPut("PutRecords", Buffer.from(`{"StreamName":"orders","Records":[${record},${record}]}`));
  assert.ok(first);
  const others = Array.from({ length: 20 }, (_, i) =>
    scanJsonPut("PutRecord", Buffer.from(JSON.stringify({ Data: Buffer.alloc(50_000, i).toString("base64") }))),
  );
  for (const other of others) other?.lease?.[Symbol.dispose]();
  const { records, rest } = first;
  assert.deepEqual(rest, { StreamName: "orders" });
  assert.deepEqual([...records.bytes.subarray(records.dataStart[1], (records.dataStart[1] ?? 0) + 3)], [0, 1, 2]);
  assert.equal(records.bytes[records.keyStart[1] ?? 0], 0x61);
  first.lease?.[Symbol.dispose]();
});

test("when the memory is used up, bodies take the general path and come to the same", () => {
  const body = Buffer.from(`{"StreamName":"orders","Records":[${record}]}${" ".repeat(8 * 1024 * 1024)}`);
  const held: OrdinaryPut[] = [];
  for (
    let scanned = scanJsonPut("PutRecords", body);
    scanned !== undefined;
    scanned = scanJsonPut("PutRecords", body)
  ) {
    held.push(scanned);
  }
  assert.ok(held.length > 0);
  using parsed = jsonCodec.parse(body, "PutRecords");
  assert.ok(parsed instanceof ParsedPut);
  assert.equal(parsed.bind().Records.count, 1);
  for (const scanned of held) scanned.lease?.[Symbol.dispose]();
  using again = jsonCodec.parse(body, "PutRecords");
  assert.ok(again instanceof ScannedPut);
});

test("a scanned put is validated when it is bound", () => {
  using parsed = jsonCodec.parse(Buffer.from(`{"StreamName":"?","Records":[${record}]}`), "PutRecords");
  assert.ok(parsed instanceof ScannedPut);
  assert.throws(() => parsed.bind(), { type: "ValidationException" });
});
