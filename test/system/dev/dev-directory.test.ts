import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startMillrace } from "../../../src/app/in-process-server.ts";
import { ServerProcess } from "../../support/start-server.ts";

test("a data directory that has seen the dev clock opens with --dev only", async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), "millrace-dev-"));
  t.after(() => rmSync(dataDir, { recursive: true, force: true }));
  for (const dev of [false, true, true]) await (await startMillrace({ dataDir, dev })).close();
  await assert.rejects(ServerProcess.start({ dataDir }), /was used with --dev, .+ Start with --dev/);
});

test("without --dev there is neither clock nor faults", async () => {
  await using millrace = await startMillrace();
  for (const [method, path] of [
    ["GET", "/dev/clock"],
    ["POST", "/dev/clock"],
    ["GET", "/dev/faults"],
    ["PUT", "/dev/faults"],
    ["DELETE", "/dev/faults"],
  ] as const) {
    const response = await fetch(`${millrace.endpoint}${path}`, { method });
    assert.equal(response.status, 404, `${method} ${path}`);
    await response.text();
  }
});
