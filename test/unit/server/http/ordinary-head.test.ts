import assert from "node:assert/strict";
import { test } from "node:test";
import { readOrdinaryHead } from "../../../../src/server/http/ordinary-head.ts";

const start = "POST / HTTP/1.1\r\n";
const required = "Host: localhost\r\nContent-Length: 2\r\n";

function read(text: string): ReturnType<typeof readOrdinaryHead> {
  return readOrdinaryHead(Buffer.from(text, "latin1"));
}

test("an ordinary head gives its headers by lower-case name, and where the body is", () => {
  const head = `${start}${required}X-Amz-Target: Kinesis_20131202.ListStreams\r\nConnection: Keep-Alive\r\n\r\n`;
  assert.deepEqual(read(`${head}{}`), {
    headers: {
      host: "localhost",
      "content-length": "2",
      "x-amz-target": "Kinesis_20131202.ListStreams",
      connection: "Keep-Alive",
    },
    bodyStart: head.length,
    bodyBytes: 2,
  });
});

const unusual: readonly (readonly [name: string, text: string])[] = [
  ["nothing", ""],
  ["a head without its end", `${start}${required}`],
  ["a head whose end is cut", `${start}${required}\r`],
  ["another method", `GET / HTTP/1.1\r\n${required}\r\n`],
  ["another path", `POST /x HTTP/1.1\r\n${required}\r\n`],
  ["another version", `POST / HTTP/1.0\r\n${required}\r\n`],
  ["no host", `${start}Content-Length: 2\r\n\r\n`],
  ["no length", `${start}Host: a\r\n\r\n`],
  ["no body", `${start}Host: a\r\nContent-Length: 0\r\n\r\n`],
  ["a length with a sign", `${start}Host: a\r\nContent-Length: +2\r\n\r\n`],
  ["a length with a leading zero", `${start}Host: a\r\nContent-Length: 02\r\n\r\n`],
  ["two lengths", `${start}${required}Content-Length: 2\r\n\r\n`],
  ["a repeated header in other letters", `${start}${required}X-A: 1\r\nx-a: 2\r\n\r\n`],
  ["a length and chunks", `${start}${required}Transfer-Encoding: chunked\r\n\r\n`],
  ["Expect", `${start}${required}Expect: 100-continue\r\n\r\n`],
  ["Connection: close", `${start}${required}Connection: close\r\n\r\n`],
  ["Upgrade", `${start}${required}Upgrade: h2c\r\n\r\n`],
  ["a folded value", `${start}${required}X-A: 1\r\n 2\r\n\r\n`],
  ["a space before the colon", `${start}${required}X-A : 1\r\n\r\n`],
  ["no space behind the colon", `${start}${required}X-A:1\r\n\r\n`],
  ["two spaces behind the colon", `${start}${required}X-A:  1\r\n\r\n`],
  ["a space at the end of a value", `${start}${required}X-A: 1 \r\n\r\n`],
  ["an empty value", `${start}${required}X-A: \r\n\r\n`],
  ["a tab", `${start}${required}X-A: 1\t2\r\n\r\n`],
  ["a byte beyond ASCII", `${start}${required}X-A: \xe9\r\n\r\n`],
  ["a line that ends with LF alone", `${start}${required}X-A: 1\n\r\n`],
  ["a name that objects have", `${start}${required}constructor: 1\r\n\r\n`],
  ["an underscore in a name", `${start}${required}__proto__: 1\r\n\r\n`],
  ["a head over 8 KiB", `${start}${required}X-A: ${"1".repeat(8 * 1024)}\r\n\r\n`],
  ["65 headers", `${start}${required}${Array.from({ length: 63 }, (_, index) => `X-${index}: 1\r\n`).join("")}\r\n`],
];

for (const [name, text] of unusual) {
  test(`not ordinary: ${name}`, () => {
    assert.equal(read(text), undefined);
  });
}

test("64 headers are ordinary", () => {
  const more = Array.from({ length: 62 }, (_, index) => `X-${index}: 1\r\n`).join("");
  assert.equal(read(`${start}${required}${more}\r\n`)?.bodyBytes, 2);
});

test("fear: a name is taken for a usual one of its length and last letter", () => {
  const usual = "X-Amz-Date: 1\r\nAccept: 2\r\nauthorization: 3\r\n";
  const similar = "X-Amz-Dote: 4\r\nImport: 5\r\n2ccept: 6\r\nAuthenticatin: 7\r\nuthorization: 8\r\n";
  const headers = { ...read(`${start}${required}${usual}${similar}\r\n`)?.headers };
  assert.deepEqual(Object.entries(headers).slice(2), [
    ...[
      ["x-amz-date", "1"],
      ["accept", "2"],
      ["authorization", "3"],
    ],
    ...[
      ["x-amz-dote", "4"],
      ["import", "5"],
      ["2ccept", "6"],
      ["authenticatin", "7"],
      ["uthorization", "8"],
    ],
  ]);
});
