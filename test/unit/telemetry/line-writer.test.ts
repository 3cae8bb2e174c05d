import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { LineWriter, untilRead } from "../../../src/telemetry/line-writer.ts";

const line = `${"x".repeat(99)}\n`;
const lineCount = 20_000;

test("fear: the log of a server whose reader stalls fills the memory, and cuts lines", async () => {
  const output = new PassThrough();
  const writer: LineWriter = new LineWriter(output, (count) => writer.write(`dropped ${count}\n`));
  for (let index = 0; index < lineCount; index++) writer.write(line);
  assert(output.writableLength + output.readableLength < 1.1 * 1024 * 1024, "some MiB less than what was written");
  const read: string[] = [];
  output.on("data", (chunk: Buffer) => read.push(chunk.toString()));
  await untilRead(output, 60_000);
  writer.write("next\n");
  output.end();
  await once(output, "end");
  const lines = read.join("").split("\n");
  const dropped = lines.findIndex((each) => each.startsWith("dropped"));
  assert(lines.slice(0, dropped).every((each) => `${each}\n` === line));
  assert.equal(dropped + Number(lines[dropped]?.slice("dropped ".length)), lineCount);
  assert.deepEqual(lines.slice(dropped + 1), ["next", ""]);
});

test("fear: one very long line ends the log, because nothing that waits is read after it", async () => {
  const output = new PassThrough();
  const writer: LineWriter = new LineWriter(output, (count) => writer.write(`dropped ${count}\n`));
  const long = `${"x".repeat(2 * 1024 * 1024)}\n`;
  const read = text(output);
  writer.write(long);
  await untilRead(output, 60_000);
  writer.write("next\n");
  output.end();
  assert.equal((await read) === `${long}next\n`, true);
});

test("fear: the last message of a process is lost behind lines that its reader has not read", async () => {
  const module = new URL("../../../src/telemetry/line-writer.ts", import.meta.url).href;
  const code = `
    import { untilRead } from ${JSON.stringify(module)};
    for (let index = 0; index < 5_000; index++) process.stderr.write("x".repeat(99) + "\\n");
    process.stderr.write("the last one\\n");
    await untilRead(process.stderr, 60_000);
    process.exit(0);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", code], { stdio: ["ignore", "pipe", "pipe"] });
  assert.match(await text(child.stderr), /\nthe last one\n$/);
});

test("a reader that never reads delays the end of a process for the given time only", async () => {
  const output = new PassThrough({ highWaterMark: 1 });
  output.write("a");
  output.write("b");
  await untilRead(output, 1);
  assert.equal(output.readableLength + output.writableLength > 0, true);
});
