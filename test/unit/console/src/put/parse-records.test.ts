import assert from "node:assert/strict";
import { test } from "node:test";
import { callsOf, encodeData, parseLines } from "../../../../../console/src/put/parse-records.ts";

const keyOf = (index: number): string => `line-${index + 1}`;

test("a downloaded line is put as it was, and any other line is data", () => {
  const text = '{"partitionKey":"a","explicitHashKey":"7","data":"aGk="}\n\nplain\n{"some":"json"}\n';
  assert.deepEqual(parseLines(text, keyOf), {
    records: [
      { partitionKey: "a", explicitHashKey: "7", dataBase64: "aGk=" },
      { partitionKey: "line-2", dataBase64: btoa("plain") },
      { partitionKey: "line-3", dataBase64: btoa('{"some":"json"}') },
    ],
  });
});

test("a line that is nearly a record says what is wrong with it", () => {
  for (const line of ['{"partitionKey":"","data":""}', '{"partitionKey":"a","data":"*"}']) {
    const parsed = parseLines(`ok\n${line}`, keyOf);
    assert("problem" in parsed);
    assert.match(parsed.problem, /^Line 2: /);
  }
});

test("data is taken as text, in base64 and in hex", () => {
  assert.deepEqual(encodeData("hi", "text"), { base64: "aGk=" });
  assert.deepEqual(encodeData("aG k=\n", "base64"), { base64: "aGk=" });
  assert.deepEqual(encodeData("68 69", "hex"), { base64: "aGk=" });
  assert("problem" in encodeData("abc", "hex"));
  assert("problem" in encodeData("a", "base64"));
});

test("records go into calls of 500, and of a bounded size", () => {
  const small = { partitionKey: "k", dataBase64: "aGk=" };
  const sizes = callsOf(Array.from({ length: 1_001 }, () => small)).map(({ length }) => length);
  assert.deepEqual(sizes, [500, 500, 1]);
  const large = { partitionKey: "k", dataBase64: "A".repeat(4 * 1024 * 1024) };
  assert.deepEqual(
    callsOf([large, large, large]).map(({ length }) => length),
    [1, 1, 1],
  );
});
