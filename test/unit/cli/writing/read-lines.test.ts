import assert from "node:assert/strict";
import { test } from "node:test";
import { readLines } from "../../../../src/cli/writing/read-lines.ts";

test("lines are put together from chunks, with either end and without a last one", async () => {
  const chunks = ["on", "e\r\ntwo\n\nth", "ré".slice(0, 1)].map((text) => Buffer.from(text));
  const bytes = Buffer.from("é!");
  const input = [...chunks, bytes.subarray(0, 1), bytes.subarray(1)];
  const lines = await linesOf(input);
  assert.deepEqual(lines, ["one", "two", "", "thré!"]);
  assert.deepEqual(await linesOf([]), []);
});

async function linesOf(chunks: readonly Buffer[]): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of readLines(toAsync(chunks))) lines.push(line);
  return lines;
}

async function* toAsync(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}
