import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { resumePositions } from "../../../../src/cli/writing/resume-export.ts";

test("the file of an export tells where each shard goes on, and loses a line that was cut", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-resume-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "export.ndjson");
  assert.equal(resumePositions(path).size, 0, "no file, nothing exported");
  const line = (shardId: string, sequenceNumber: string) =>
    `${JSON.stringify({ shardId, sequenceNumber, partitionKey: "a", data: "" })}\n`;
  const whole = line("s", "1") + line("t", "2") + line("s", "3");
  writeFileSync(path, whole + line("t", "4").slice(0, -1));
  assert.deepEqual(
    [...resumePositions(path)],
    [
      ["s", "3"],
      ["t", "2"],
    ],
  );
  assert.equal(readFileSync(path, "utf8"), whole);
  writeFileSync(path, '{"partitionKey":"a","data":""}\n');
  assert.throws(() => resumePositions(path), /export.ndjson:1: has no shardId and sequenceNumber/);
});
