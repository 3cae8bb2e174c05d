import assert from "node:assert/strict";
import { test } from "node:test";
import { startMillrace } from "../../../src/millrace.ts";
import { healthResponse, reportHealth } from "../../../src/server/health.ts";
import { call } from "../../subscribe/kinesis-call.ts";

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

test("health says that encryption is state only, once a stream has it", async () => {
  await using millrace = await startMillrace({ stream: "secret:1" });
  const degraded = async () => {
    const response = await fetch(`${millrace.endpoint}/health`);
    assert.equal(response.status, 200);
    return ((await response.json()) as { readonly degraded: readonly string[] }).degraded;
  };
  assert.deepEqual(await degraded(), []);
  const encryption = { StreamName: "secret", EncryptionType: "KMS", KeyId: "alias/aws/kinesis" };
  await call(millrace.endpoint, "StartStreamEncryption", encryption);
  assert.deepEqual(await degraded(), [
    "stream encryption is state only: records are marked as encrypted and stored as they are",
  ]);
});
