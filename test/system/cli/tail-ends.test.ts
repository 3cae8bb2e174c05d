import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { startMillrace } from "../../../src/app/in-process-server.ts";
import { cliEnvironment, cliOutput, cliPath, startCli } from "../../support/run-cli.ts";

/** What the pipeline printed, and the exit code of its first command. */
async function pipeline(endpoint: string, options: string): Promise<readonly string[]> {
  const script = `"$NODE" "$CLI" tail orders --from oldest --format "{data}" ${options} | head -1; echo "exit \${PIPESTATUS[0]}"`;
  const env = cliEnvironment({ endpoint, env: { NODE: process.execPath, CLI: cliPath } });
  const child = spawn("bash", ["-c", script], { env });
  const [stdout] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return stdout.trimEnd().split("\n");
}

test("tail ends when its reader does, also if no record comes any more, and takes its consumer back", async () => {
  await using millrace = await startMillrace({ stream: "orders:1" });
  const { endpoint } = millrace;
  await cliOutput(["put", "orders", "first", "second"], { endpoint });
  assert.deepEqual(await pipeline(endpoint, ""), ["first", "exit 0"]);
  assert.deepEqual(await pipeline(endpoint, "--efo reader"), ["first", "exit 0"]);
  const { consumers } = JSON.parse(await cliOutput(["describe", "orders", "--json"], { endpoint }));
  assert.deepEqual(consumers, []);
});

for (const options of [[], ["--efo", "reader"]]) {
  test(`tail ${options.join(" ")} goes on without gap or repeat when the server starts again`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-restart-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const dataDir = join(folder, "data");
    const first = await startMillrace({ dataDir, stream: "orders:2" });
    const { endpoint } = first;
    const child = startCli(["tail", "orders", "--from", "oldest", "-f", "{data}", "-n", "4", ...options], { endpoint });
    t.after(() => child.kill("SIGKILL"));
    const exit = once(child, "exit");
    child.stderr.resume();
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const next = async () => (await lines.next()).value;
    await cliOutput(["put", "orders", "a", "b", "--key", "k"], { endpoint });
    assert.deepEqual([await next(), await next()], ["a", "b"]);
    await first.close();
    await using _second = await startMillrace({ dataDir, port: Number(new URL(endpoint).port) });
    await cliOutput(["put", "orders", "c", "d", "--key", "k"], { endpoint });
    assert.deepEqual([await next(), await next()], ["c", "d"]);
    assert.deepEqual((await exit)[0], 0);
  });
}
