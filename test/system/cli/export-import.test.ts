import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startMillrace } from "../../../src/app/in-process-server.ts";
import { cliOutput, runCli } from "../../support/run-cli.ts";
import { copyAndCompare } from "./copy-records.ts";

test("export and import keep data, keys, explicit hash keys and the order of keys, and resume after kill -9", async () => {
  await using millrace = await startMillrace();
  await copyAndCompare({ endpoint: millrace.endpoint, records: 20_000, kills: 1 });
});

test("an export does not overwrite a file, and one of another stream is no checkpoint", async () => {
  await using millrace = await startMillrace({ stream: ["orders:1", "copy:1"] });
  const { endpoint } = millrace;
  const folder = mkdtempSync(join(tmpdir(), "millrace-export-"));
  const [file, checkpoint] = [join(folder, "file"), join(folder, "checkpoint")];
  try {
    writeFileSync(file, "mine");
    const refused = await runCli(["export", "orders", "-o", file], { endpoint });
    assert.deepEqual([refused.code, readFileSync(file, "utf8")], [2, "mine"]);
    assert.match(refused.stderr, /exists; add --resume to continue it/);
    const line = (text: string) =>
      `${JSON.stringify({ partitionKey: "a", data: Buffer.from(text).toString("base64") })}\n`;
    await cliOutput(["import", "orders", "--checkpoint", checkpoint], { endpoint, input: line("one") });
    const next = await runCli(["import", "orders", "--checkpoint", checkpoint], {
      endpoint,
      input: line("one") + line("two"),
    });
    assert.match(next.stderr, /imported 1 records/);
    const other = await runCli(["import", "copy", "--checkpoint", checkpoint], { endpoint, input: line("one") });
    assert.match(other.stderr, /is the checkpoint of an import into the stream orders, not copy/);
    const wrong = await runCli(["import", "orders"], { endpoint, input: "[]\n" });
    assert.match(wrong.stderr, /^millrace: standard input:1: is not a JSON object.*\n$/);
    const absent = await runCli(["export", "nothing"], { endpoint });
    assert.match(absent.stderr, /^millrace: ResourceNotFoundException.*\n$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("an import with --speed keeps the distances of the records", async () => {
  await using millrace = await startMillrace({ stream: "orders:1" });
  const { endpoint } = millrace;
  const at = (ms: number) =>
    `${JSON.stringify({ partitionKey: "a", data: "", approximateArrivalTimestamp: new Date(ms).toISOString() })}\n`;
  const input = at(0) + at(3_000) + at(6_000);
  const startMs = performance.now();
  await cliOutput(["import", "orders", "--speed", "10x"], { endpoint, input });
  assert(performance.now() - startMs >= 600, "the last record is due a tenth of its distance after the first one");
  const seen = await cliOutput(["tail", "orders", "--from", "oldest", "--no-follow", "-f", "{key}"], { endpoint });
  assert.equal(seen, "a\na\na\n");
});
