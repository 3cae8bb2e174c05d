import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

const module = join(import.meta.dirname, "../../../src/platform/pipe-reader.ts");
const program = `
  import { isPipeReaderGone } from ${JSON.stringify(module)};
  const before = isPipeReaderGone(1);
  process.stdout.write("line\\n");
  for (let polls = 0; polls < 200; polls++) {
    if (isPipeReaderGone(1)) { process.stderr.write(before + " then gone"); process.exit(); }
  }
  process.stderr.write(before + " then there");
`;

/** What the program wrote to standard error, with its output piped to another program. */
function ran(reader: string): string {
  const script = `"$NODE" --input-type=module-typescript -e "$PROGRAM" | ${reader}`;
  const env = { ...process.env, NODE: process.execPath, PROGRAM: program };
  return spawnSync("sh", ["-c", script], { encoding: "utf8", env }).stderr;
}

test("a reader that ends is noticed without a write, and one that waits is not taken for gone", () => {
  assert.equal(ran("head -1"), "false then gone");
  assert.equal(ran("cat"), "false then there");
});
