import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const module = join(import.meta.dirname, "../../../src/platform/pipe-reader.ts");
/** Writes a line, and then waits until its reader has gone, or for as many milliseconds as its argument says. */
const program = `
  import { watchPipeReader } from ${JSON.stringify(module)};
  const [, , staysMs] = process.argv;
  const end = (text: string): void => {
    process.stderr.write(text);
    process.exit();
  };
  let hasWritten = false;
  watchPipeReader({ descriptor: 1 }, () => end(hasWritten ? "gone after the line" : "gone before the line"));
  setTimeout(() => {
    hasWritten = true;
    process.stdout.write("line\\n");
    if (staysMs === undefined) setInterval(() => undefined, 1_000);
    else setTimeout(() => end("there"), Number(staysMs));
  }, 500);
`;

test("a reader that ends is noticed without a write, and one that waits is not taken for gone", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-pipe-reader-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "program.mts");
  writeFileSync(file, program);
  /** What the program wrote to standard error, with its output piped to another program. */
  const ran = (reader: string, ...args: readonly string[]): string => {
    const env = { ...process.env, NODE: process.execPath, PROGRAM: file };
    return spawnSync("sh", ["-c", `"$NODE" "$PROGRAM" ${args.join(" ")} | ${reader}`], { encoding: "utf8", env })
      .stderr;
  };
  assert.equal(ran("head -1"), "gone after the line");
  assert.equal(ran("cat", "1000"), "there");
});
