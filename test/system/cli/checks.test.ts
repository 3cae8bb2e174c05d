import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startMillrace } from "../../../src/app/in-process-server.ts";
import { cliOutput, runCli } from "../../support/run-cli.ts";

test("health tells by its exit code whether a server is ready", async () => {
  await using millrace = await startMillrace();
  const { endpoint } = millrace;
  assert.match(await cliOutput(["health"], { endpoint }), /^status +ready\nengine +memory\ndurable +false\n/);
  const { status } = JSON.parse(await cliOutput(["health", "--json", "-e", endpoint]));
  assert.equal(status, "ready");
  await millrace.close();
  const gone = await runCli(["health"], { endpoint });
  assert.equal(gone.code, 2);
  assert.match(gone.stderr, /^millrace: no answer from http:.*: nothing listens there/);
});

test("call sends any operation with JSON and prints the response as it is", async () => {
  await using millrace = await startMillrace({ stream: "orders:2" });
  const { endpoint } = millrace;
  const listed = JSON.parse(await cliOutput(["call", "ListShards", '{"StreamName":"orders"}'], { endpoint }));
  assert.equal(listed.Shards[1].ShardId, "shardId-000000000001");
  const record = { StreamName: "orders", PartitionKey: "a", Data: "aGk=" };
  const put = await cliOutput(["call", "PutRecord", "-", "--compact"], { endpoint, input: JSON.stringify(record) });
  assert.match(put, /^\{"SequenceNumber":"\d+","ShardId":"shardId-00000000000\d"\}\n$/);
  assert.equal(
    await cliOutput(["call", "AddTagsToStream", '{"StreamName":"orders","Tags":{"a":"b"}}'], { endpoint }),
    "\n",
  );
  const unknown = await runCli(["call", "Nonsense"], { endpoint });
  assert.deepEqual([unknown.code, unknown.stderr], [2, "millrace: the API has no operation Nonsense\n"]);
  const misspelt = await runCli(["call", "ListStreems"], { endpoint });
  assert.equal(misspelt.stderr, "millrace: the API has no operation ListStreems (did you mean ListStreams?)\n");
  const invalid = await runCli(["call", "ListShards", "{"], { endpoint });
  assert.match(invalid.stderr, /^millrace: the input is not JSON/);
});

test("bench measures for as long as it is told, and leaves no stream behind", async () => {
  await using millrace = await startMillrace({ stream: "orders:2" });
  const { endpoint } = millrace;
  const args = ["bench", "--records", "2000", "--size", "100", "--json"];
  const result = JSON.parse(await cliOutput(args, { endpoint }));
  assert.deepEqual([result.records, result.failed], [2_000, 0]);
  assert(result.recordsPerSecond > 0 && result.p50Ms <= result.p99Ms && result.p99Ms <= result.maxMs);
  const streams = JSON.parse(await cliOutput(["call", "ListStreams"], { endpoint })).StreamNames;
  assert.deepEqual(streams, ["orders"]);
});

test("doctor finds what is wrong with server, disk and keyring, and says what to do", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-doctor-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const dataDir = join(folder, "data");
  const keyring = join(folder, "data.keyring");
  await using millrace = await startMillrace({ dataDir });
  const { endpoint } = millrace;
  interface Finding {
    readonly check: string;
    readonly state: string;
    readonly advice: string;
  }
  const examine = async (...options: readonly string[]) => {
    const { code, stdout, stderr } = await runCli(["doctor", "--json", "--data-dir", dataDir, ...options], {
      endpoint,
    });
    const findings: readonly Finding[] = JSON.parse(stdout);
    assert(
      findings.every(({ state, advice }) => (state === "ok") === (advice === "")),
      stdout + stderr,
    );
    return { code, stateOf: (check: string) => findings.find((finding) => finding.check === check)?.state };
  };
  const healthy = await examine();
  assert.equal(healthy.code, 0);
  for (const check of [
    "endpoint",
    "tls",
    "clock",
    "health",
    "durability",
    "credentials",
    "data directory",
    "keyring",
  ]) {
    assert.equal(healthy.stateOf(check), "ok", check);
  }
  writeFileSync(keyring, "{}", { mode: 0o600 });
  assert.equal((await examine()).stateOf("keyring"), "warn", "a copy is not known of");
  writeFileSync(join(folder, "copy"), "{ }");
  const other = await examine("--keyring-copy", join(folder, "copy"));
  assert.deepEqual([other.code, other.stateOf("keyring")], [1, "fail"]);
  const gone = await runCli(["doctor", "-e", "http://127.0.0.1:9"]);
  assert.equal(gone.code, 1);
  assert.match(gone.stdout, /^fail {2}endpoint: no answer from http:\/\/127.0.0.1:9: .*\n {6}-> start the server/);
});
