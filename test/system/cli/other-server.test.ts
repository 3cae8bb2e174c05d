import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startMillrace } from "../../../src/app/in-process-server.ts";
import { motoServer, reportMissing } from "../../support/available-tools.ts";
import { cliOutput, runCli } from "../../support/run-cli.ts";

const readyMsMax = 60_000;

/** moto's server on a free port, which it says on standard error. */
async function startMoto(command: string) {
  const child = spawn(command, ["--host", "127.0.0.1", "--port", "0"], { stdio: ["ignore", "ignore", "pipe"] });
  const exit = once(child, "exit");
  let said = "";
  const stop = async () => {
    child.kill("SIGKILL");
    await exit;
  };
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-65_536);
  });
  const signal = AbortSignal.timeout(readyMsMax);
  for (;;) {
    const endpoint = /Running on (http:\/\/[\d.]+:\d+)/.exec(said)?.[1];
    if (endpoint !== undefined) return { endpoint, [Symbol.asyncDispose]: stop };
    await once(child.stderr, "data", { signal });
  }
}

test("create, put, tail, export and import work against moto, and copy its records to Millrace", async (t) => {
  const command = motoServer();
  if (command === undefined) return reportMissing(t, "moto");
  await using moto = await startMoto(command);
  await using millrace = await startMillrace();
  const folder = mkdtempSync(join(tmpdir(), "millrace-moto-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const there = { endpoint: moto.endpoint };
  await cliOutput(["create", "orders", "--shards", "2"], there);
  const input = Array.from({ length: 1_200 }, (_, index) => JSON.stringify({ key: index % 7, index })).join("\n");
  const put = await runCli(["put", "orders", "--key-from", "key"], { ...there, input });
  assert.match(put.stderr, /^millrace: 1200 stored/);
  const file = join(folder, "orders.ndjson");
  await cliOutput(["export", "orders", "-o", file], there);
  for (const options of [there, { endpoint: millrace.endpoint }]) {
    await cliOutput(["create", "copy", "--shards", "3"], options);
    await cliOutput(["import", "copy", file], options);
    const copied = await cliOutput(["tail", "copy", "--from", "oldest", "-n", "1200", "-f", "{key} {data}"], options);
    const lastOfKey = new Map<string, number>();
    for (const line of copied.trimEnd().split("\n")) {
      const [key = "", data = ""] = line.split(" ");
      const { index } = JSON.parse(data);
      assert.equal(index, (lastOfKey.get(key) ?? Number(key) - 7) + 7);
      lastOfKey.set(key, index);
    }
    assert.equal(lastOfKey.size, 7);
  }
  const ls = await cliOutput(["ls", "-f", "ndjson"], there);
  assert.deepEqual(
    ls
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).name),
    ["orders", "copy"],
  );
});
