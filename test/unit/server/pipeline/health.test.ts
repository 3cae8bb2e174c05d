import assert from "node:assert/strict";
import { test } from "node:test";
import { healthResponse, reportHealth } from "../../../../src/server/pipeline/health.ts";

const engine = {
  name: "any",
  health: async () => ({ ready: true, durable: true, degraded: ["a disk is slow"], figures: {} }),
};

test("health is not ready while the directory hears no news, and says why", async () => {
  const report = await reportHealth(engine, { isDraining: false, fault: "the directory is deaf" });
  assert.deepEqual(report, {
    status: "unavailable",
    engine: "any",
    durable: true,
    degraded: ["a disk is slow", "the directory is deaf"],
  });
  assert.equal(healthResponse(report).status, 503);
});

test("health says of keys that cannot be used, and stays ready for streams that need none", async () => {
  const report = await reportHealth(engine, { isDraining: false, keyFaults: ["a keyring is gone"] });
  assert.equal(report.status, "ready");
  assert.deepEqual(report.degraded, ["a disk is slow", "a keyring is gone"]);
});

test("health says of a credentials file that is emptied or removed", async () => {
  const report = await reportHealth(engine, { isDraining: false, credentialsFault: "the credentials file is refused" });
  assert.deepEqual(report.degraded, ["a disk is slow", "the credentials file is refused"]);
});
