import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const cli = join(import.meta.dirname, "../../../src/cli/cli.ts");

/** The files that the command loaded, as V8 lists them. */
function filesLoadedBy(t: { after(done: () => void): void }, ...args: readonly string[]): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "millrace-loaded-"));
  t.after(() => rmSync(folder, { recursive: true }));
  spawnSync(process.execPath, [cli, ...args], { env: { ...process.env, NODE_V8_COVERAGE: folder } });
  const reports = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")));
  return reports.flatMap(({ result }) => result.map(({ url }: { url: string }) => url));
}

test("serve loads neither the tree of commands nor the SDK, and help not the SDK", (t) => {
  // A setting that is wrong ends it when all that a start needs is loaded.
  const ofServe = filesLoadedBy(t, "serve", "--port", "none");
  assert(ofServe.some((url) => url.endsWith("/cli/serve.ts")));
  assert.deepEqual(
    ofServe.filter((url) => /commander|@aws-sdk|@smithy|cli\/commands/.test(url)),
    [],
  );
  const ofHelp = filesLoadedBy(t, "--help");
  assert(ofHelp.some((url) => /commander/.test(url)));
  assert.deepEqual(
    ofHelp.filter((url) => /@aws-sdk|@smithy/.test(url)),
    [],
  );
});

test("serve ends with exit code 0 at a SIGTERM while it still loads its code", () => {
  const program = `
    const { main } = await import(${JSON.stringify(join(import.meta.dirname, "../../../src/cli/main.ts"))});
    const ended = main(["serve", "--engine", "memory", "--port", "0"]);
    process.kill(process.pid, "SIGTERM");
    process.exit(await ended);`;
  const { status, signal } = spawnSync(process.execPath, ["--input-type=module", "-e", program]);
  assert.deepEqual([status, signal], [0, null]);
});
