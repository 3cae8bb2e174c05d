import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { toUtf8 } from "../../../../../console/src/decode/bytes.ts";
import { type Decoded, decode, previewOf } from "../../../../../console/src/decode/decode.ts";

function decoded(bytes: Uint8Array): Decoded | Promise<Decoded> {
  return decode(Uint8Array.from(bytes));
}

async function summary(bytes: Uint8Array): Promise<readonly string[]> {
  const { form, packings, text } = await decoded(bytes);
  return [form, packings.join(" "), text];
}

test("JSON is printed with line breaks, and any other text as it is", async () => {
  assert.deepEqual(await summary(toUtf8('{"a":[1]}')), ["json", "", '{\n  "a": [\n    1\n  ]\n}']);
  assert.deepEqual(await summary(toUtf8("plain\ttext")), ["text", "", "plain\ttext"]);
  assert.deepEqual(await summary(toUtf8("12")), ["text", "", "12"]);
  assert.deepEqual(await summary(toUtf8("{not json")), ["text", "", "{not json"]);
  assert.deepEqual(await summary(new Uint8Array()), ["empty", "", ""]);
});

test("gzip and zstd are unpacked, also one in the other", async () => {
  assert.deepEqual(await summary(gzipSync('{"a":1}')), ["json", "gzip", '{\n  "a": 1\n}']);
  assert.deepEqual(await summary(zstdCompressSync("text")), ["text", "zstd", "text"]);
  assert.deepEqual(await summary(gzipSync(zstdCompressSync("text"))), ["text", "gzip zstd", "text"]);
});

test("damaged gzip is shown as bytes", async () => {
  const packed = gzipSync("a longer text so that there is something to damage");
  const { form, packings } = await decoded(packed.subarray(0, packed.length - 12));
  assert.deepEqual([form, packings], ["binary", []]);
});

test("a small record that unpacks to more than memory should hold is shown as bytes", async () => {
  const bomb = Buffer.alloc(40 * 1024 * 1024);
  assert.deepEqual((await decoded(gzipSync(bomb))).packings, []);
  assert.deepEqual((await decoded(zstdCompressSync(bomb))).packings, []);
});

test("CloudWatch Logs are known by their members, and a false one does no harm", async () => {
  const logs = { messageType: "DATA_MESSAGE", logGroup: "g", logStream: "s", logEvents: [{ id: "1", message: "m" }] };
  const found = await decoded(gzipSync(JSON.stringify(logs)));
  assert.equal(found.form, "cloudwatch-logs");
  assert.equal(previewOf(found), "g (1): m");
  const wrong = { ...logs, logEvents: [null, { message: { toString: 1 } }] };
  assert.equal((await decoded(toUtf8(JSON.stringify(wrong)))).form, "json");
});

test("Protocol Buffers without a schema show their fields by number", async () => {
  const message = Uint8Array.of(0x08, 0x96, 0x01, 0x12, 0x02, 0x68, 0x69, 0x1a, 0x02, 0x08, 0x01);
  assert.deepEqual(await summary(message), ["protobuf", "", '1: 150\n2: "hi"\n3 {\n  1: 1\n}']);
});

test("other bytes are binary, and their row shows them in hex", async () => {
  const found = await decoded(Uint8Array.of(0xff, 0x00, 0x41));
  assert.equal(found.form, "binary");
  assert.equal(previewOf(found), "ff 00 41");
});
