import assert from "node:assert/strict";
import { test } from "node:test";
import { healthReportOf, healthResponse } from "../../../../src/server/pipeline/health.ts";

const engine = {
  name: "any",
  health: async () => ({ ready: true, durable: true, degraded: ["a disk is slow"], figures: {} }),
};

test("health is ready, and draining while the server stops", async () => {
  assert.equal((await healthReportOf(engine, { isDraining: false })).status, "ready");
  assert.equal((await healthReportOf(engine, { isDraining: true })).status, "draining");
});

test("health is unavailable while the stream registry has a fault, and says why", async () => {
  const report = await healthReportOf(engine, { isDraining: false, fault: "the registry is out of date" });
  assert.deepEqual(report, {
    status: "unavailable",
    engine: "any",
    durable: true,
    degraded: ["a disk is slow", "the registry is out of date"],
  });
  assert.equal(healthResponse(report).status, 503);
});

test("health names keys that cannot be used, and stays ready for streams that need none", async () => {
  const report = await healthReportOf(engine, { isDraining: false, keyFaults: ["a keyring is missing"] });
  assert.equal(report.status, "ready");
  assert.deepEqual(report.degraded, ["a disk is slow", "a keyring is missing"]);
});

test("an engine whose health check fails is unavailable", async () => {
  const failing = { name: "embedded", health: () => Promise.reject(new Error("closed")) };
  assert.deepEqual(await healthReportOf(failing, { isDraining: false }), {
    status: "unavailable",
    engine: "embedded",
    durable: false,
    degraded: ["the health check of the engine failed, so the server is reported as unavailable: closed"],
  });
});

test("health says of a credentials file that is emptied or removed", async () => {
  const report = await healthReportOf(engine, {
    isDraining: false,
    credentialsFault: "the credentials file is refused",
  });
  assert.deepEqual(report.degraded, ["a disk is slow", "the credentials file is refused"]);
});
