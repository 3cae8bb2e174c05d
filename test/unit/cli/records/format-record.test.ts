import assert from "node:assert/strict";
import { test } from "node:test";
import { parseExportedLine } from "../../../../src/cli/records/exported-line.ts";
import { recordFormat } from "../../../../src/cli/records/format-record.ts";

const record = {
  shardId: "shardId-000000000001",
  sequenceNumber: "495",
  arrivalMs: Date.parse("2026-11-30T14:00:00.123Z"),
  partitionKey: "alice",
  data: Buffer.from('{"user":{"id":7}}'),
};

test("text is one line that cannot steer a terminal", () => {
  const data = Buffer.from("red \u001b[31m\nnext\ttab\u009b");
  assert.equal(
    recordFormat("text")({ ...record, data }),
    "2026-11-30T14:00:00.123Z  shardId-000000000001  alice  red \\x1b[31m\\nnext\ttab\\x9b\n",
  );
});

test("json shows data that is JSON as such, text as text, and the rest in base64", () => {
  const shown = (data: Uint8Array) => JSON.parse(recordFormat("json")({ ...record, data }));
  assert.deepEqual(shown(record.data).data, { user: { id: 7 } });
  assert.equal(shown(Buffer.from("plain")).data, "plain");
  assert.equal(shown(Buffer.from([255])).dataBase64, "/w==");
});

test("ndjson is what import reads", () => {
  const { arrivalMs, partitionKey, data, shardId, sequenceNumber } = record;
  assert.deepEqual(parseExportedLine(recordFormat("ndjson")(record), "here"), {
    ...{ shardId, sequenceNumber, arrivalMs, partitionKey, data, explicitHashKey: undefined, part: 0 },
  });
});

test("a template has fields, members of JSON and escapes; an unknown field is refused", () => {
  const format = recordFormat(
    "{key}\\t{json.user.id} {json.user} {json.none}|{size}|{hex}|{base64}|{shard} {sequence} {time}",
  );
  assert.equal(
    format({ ...record, data: Buffer.from('{"user":{"id":7}}') }),
    `alice\t7 {"id":7} |17|${record.data.toString("hex")}|${record.data.toString("base64")}|` +
      "shardId-000000000001 495 2026-11-30T14:00:00.123Z\n",
  );
  assert.throws(() => recordFormat("{keys}"), /\{keys\} is not one of \{time\}/);
  assert.throws(() => recordFormat("xml"), /must be text, json, ndjson, or a template/);
});
