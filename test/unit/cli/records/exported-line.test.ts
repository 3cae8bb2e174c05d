import assert from "node:assert/strict";
import { test } from "node:test";
import { parseExportedLine } from "../../../../src/cli/records/exported-line.ts";

test("a line needs a key and data alone", () => {
  const { partitionKey, data, explicitHashKey } = parseExportedLine('{"partitionKey":"a","data":"aGk="}', "f:1");
  assert.deepEqual([partitionKey, data, explicitHashKey], ["a", Buffer.from("hi"), undefined]);
});

test("a line that is no record is named", () => {
  assert.throws(() => parseExportedLine("{", "f:7"), /f:7: is not JSON/);
  assert.throws(() => parseExportedLine("[]", "f:7"), /f:7: is not a JSON object/);
  assert.throws(() => parseExportedLine('{"data":""}', "f:7"), /f:7: has no text "partitionKey"/);
  assert.throws(() => parseExportedLine('{"partitionKey":"a"}', "f:7"), /f:7: has no text "data"/);
});
