/**
 * Runs the conformance suite, which speaks nothing but HTTP, against three servers of this process: one that is as quick
 * as it can, one that stays in CREATING, UPDATING and DELETING long enough to be asked there, and one that keeps Amazon's
 * rates. The files beside this one add what needs a clock that moves or a log that fails.
 */
import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { unproducedMessages } from "../../conformance/support/messages.ts";
import { unmetTypeSentences } from "../../conformance/support/test-types.ts";
import { startMillrace } from "../../src/app/in-process-server.ts";
import { operationNames } from "../../src/model/shapes.generated.ts";
import { BucketStandIn, clickSchemaArn } from "../support/bucket-stand-in.ts";
import { CatalogStandIn } from "../support/catalog-stand-in.ts";
import { call } from "../support/kinesis-call.ts";

const transitionDelayMsMin = 1_500;
const folder = join(import.meta.dirname, "../../conformance");

// Tests begin to run while files are still being imported; the first waits for the last import, so that none is missed.
const imported = Promise.withResolvers<number>();
test("the conformance suite is found", async () => {
  assert.ok((await imported.promise) > 0);
});

const store = await BucketStandIn.start();
const places = join(await mkdtemp(join(tmpdir(), "millrace-places-")), "places.json");
const catalog = await CatalogStandIn.start();
await store.writePlaces(places, catalog);
const usual = await startMillrace({ channels: places });
const slow = await startMillrace({
  transitionDelay: Math.max(transitionDelayMsMin, 8 * (await callsMs(usual.endpoint))),
});
const limited = await startMillrace({ limits: "aws" });
after(async () => {
  await Promise.all([usual.close(), slow.close(), limited.close()]);
  await store[Symbol.asyncDispose]();
  await catalog[Symbol.asyncDispose]();
  await rm(dirname(places), { recursive: true });
});
Object.assign(process.env, {
  ENDPOINT: usual.endpoint,
  SLOW_ENDPOINT: slow.endpoint,
  LIMITED_ENDPOINT: limited.endpoint,
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
  AWS_SECRET_ACCESS_KEY: "secret",
  CHANNEL_BUCKET: "bucket",
  CHANNEL_BUCKET_OWNER: "000000000000",
  CHANNEL_ROLE_ARN: "arn:aws:iam::000000000000:role/delivery",
  CHANNEL_TABLE_BUCKET_ARN: "arn:aws:s3tables:us-east-1:000000000000:bucket/analytics",
  CHANNEL_TABLE_NAMESPACE: "web",
  CHANNEL_SCHEMA_ARN: clickSchemaArn,
});
delete process.env["AWS_SESSION_TOKEN"];

const files = globSync(["*.test.ts", "own/*.test.ts"], { cwd: folder }).sort();
for (const file of files) await import(join(folder, file));
await import("./moved-clock.ts");
await import("./failing-log.ts");
imported.resolve(files.length);

/** How long this machine takes now for about as many calls as are made while a stream is in one state. */
async function callsMs(endpoint: string): Promise<number> {
  const startMs = performance.now();
  for (let count = 0; count < 40; count++) await call(endpoint, "ListStreams", {});
  return Math.round(performance.now() - startMs);
}

test("every operation has a file of the suite", () => {
  const kebab = (name: string) => name.replaceAll(/(?<=.)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
  const missing = operationNames.filter((name) => !files.includes(`${kebab(name)}.test.ts`));
  assert.deepEqual(missing, []);
});

test("every known sentence of the service has been produced", () => {
  assert.deepEqual(unproducedMessages(), []);
});

test("every known sentence on wrong types has been produced", () => {
  assert.deepEqual(unmetTypeSentences(), []);
});
