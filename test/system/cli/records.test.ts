import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { type Millrace, startMillrace } from "../../../src/app/in-process-server.ts";
import { DevServer } from "../../support/dev-server.ts";
import { cliOutput, runCli } from "../../support/run-cli.ts";

let millrace: Millrace;
let endpoint = "";
const folder = mkdtempSync(join(tmpdir(), "millrace-records-"));
before(async () => {
  millrace = await startMillrace({
    dev: true,
    stream: ["orders:2", "events:1", "files:1", "lines:4", "faults:1", "refused:1"],
  });
  endpoint = millrace.endpoint;
});
after(async () => {
  await millrace.close();
  rmSync(folder, { recursive: true });
});

/** The data of all records, with its key. */
async function readAll(stream: string, ...options: readonly string[]): Promise<readonly string[]> {
  const args = ["tail", stream, "--from", "oldest", "--no-follow", "--format", "{key}={data}", ...options];
  return (await cliOutput(args, { endpoint })).trimEnd().split("\n");
}

test("put stores arguments and prints where each is, and tail prints them in order", async () => {
  const stored = await cliOutput(["put", "orders", "one", "two", "--key", "alice", "--json"], { endpoint });
  const results = JSON.parse(stored);
  assert.deepEqual(
    results.map(({ line }: { line: number }) => line),
    [1, 2],
  );
  assert.deepEqual(await readAll("orders"), ["alice=one", "alice=two"]);
  const { sequenceNumber, shardId } = results[1];
  assert.deepEqual(await readAll("orders", "--from", sequenceNumber, "--shard", shardId), ["alice=two"]);
  const noShard = await runCli(["tail", "orders", "--from", sequenceNumber], { endpoint });
  assert.match(noShard.stderr, /needs the shard that it is of; add --shard ID/);
  const byAge = await cliOutput(["tail", "orders", "--from", "1h", "-n", "1", "--efo", "reader"], { endpoint });
  assert.match(byAge, /^\S+Z {2}shardId-\d+ {2}alice {2}one\n$/);
});

test("put takes keys from JSON and names the line that has none", async () => {
  const input = '{"user":{"id":"x"}}\n{"user":{"id":7}}\n';
  await cliOutput(["put", "events", "--key-from", "$.user.id"], { endpoint, input });
  assert.deepEqual(await readAll("events"), ['x={"user":{"id":"x"}}', '7={"user":{"id":7}}']);
  const refused = await runCli(["put", "events", "--key-from", "user.id"], { endpoint, input: '{"user":1}\n' });
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /record 1 has no user.id for its key/);
});

test("put stores files whole, and tail unzips them, filters and fills templates", async () => {
  const path = join(folder, "logs.gz");
  writeFileSync(path, gzipSync('{"level":"error"}\n{"level":"info"}'));
  await cliOutput(["put", "files", "--file", path, "--key", "a"], { endpoint });
  await cliOutput(["put", "files", "eyJsZXZlbCI6ImluZm8ifQ==", "--base64", "--key", "b"], { endpoint });
  assert.deepEqual(await readAll("files", "--grep", "ERROR", "-i"), ['a={"level":"error"}', '{"level":"info"}']);
  assert.deepEqual(await readAll("files", "--grep", "error", "-v"), ['b={"level":"info"}']);
  assert.deepEqual(await readAll("files", "--key", "b", "--format", "{json.level} {size}"), ["info 16"]);
  const raw = await cliOutput(["tail", "files", "--from", "oldest", "-n", "1", "--no-decode", "--format", "{base64}"], {
    endpoint,
  });
  assert.deepEqual(Buffer.from(raw, "base64"), readFileSync(path));
});

test("put of lines keeps the order of each key, with records refused in between", async () => {
  await using dev = new DevServer(endpoint, () => Promise.resolve());
  const rule = { operation: "PutRecords", error: "ProvisionedThroughputExceededException", records: 0.5, times: 6 };
  await dev.dev("PUT", "/dev/faults", [rule]);
  const lines = Array.from({ length: 2_000 }, (_, index) => JSON.stringify({ key: `k${index % 50}`, index }));
  const put = await runCli(["put", "lines", "--key-from", "key"], { endpoint, input: lines.join("\n") });
  assert.equal(put.code, 0, put.stderr);
  assert.match(put.stderr, /^millrace: 2000 stored in .* s, \d+ sent again\n$/);
  const seen = new Map<string, number>();
  const records = await readAll("lines", "--format", "{data}");
  for (const { key, index } of records.map((line) => JSON.parse(line))) {
    assert.equal(index, (seen.get(key) ?? Number(key.slice(1)) - 50) + 50, `the order of ${key}`);
    seen.set(key, index);
  }
  assert.equal(records.length, 2_000);
});

test("put lists exactly what failed, and exits 1", async () => {
  await using dev = new DevServer(endpoint, () => Promise.resolve());
  const rule = {
    operation: "PutRecords",
    error: "ProvisionedThroughputExceededException",
    records: 1,
    stream: "faults",
  };
  await dev.dev("PUT", "/dev/faults", [{ ...rule, times: 1 }]);
  const failed = join(folder, "failed.ndjson");
  const args = ["put", "faults", "--key", "a", "--retry", "0", "--order", "none", "--failed", failed];
  const put = await runCli(args, { endpoint, input: "one\ntwo\n" });
  await dev.dev("DELETE", "/dev/faults");
  assert.equal(put.code, 1);
  assert.match(put.stderr, /record 1 \(key "a"\) is not stored: ProvisionedThroughputExceededException: /);
  assert.match(put.stderr, /record 2 \(key "a"\) is not stored/);
  await cliOutput(["import", "faults", failed], { endpoint });
  assert.deepEqual(await readAll("faults"), ["a=one", "a=two"]);
});

test("put finds the record that refuses its whole request, and stores the others", async () => {
  const input = ["one", "k".repeat(257), "three"].map((key) => JSON.stringify({ key })).join("\n");
  const put = await runCli(["put", "refused", "--key-from", "key"], { endpoint, input });
  assert.equal(put.code, 1);
  assert.match(
    put.stderr,
    /^millrace: 2 stored in .* s, 1 FAILED\nmillrace: record 2 \(key "k{257}"\) is not stored: Validation.*\n$/,
  );
  assert.deepEqual(await readAll("refused", "--format", "{key}"), ["one", "three"]);
  const absent = await runCli(["put", "absent", "text"], { endpoint });
  assert.deepEqual(
    [absent.code, /^millrace: ResourceNotFoundException: /.test(absent.stderr)],
    [2, true],
    absent.stderr,
  );
});
