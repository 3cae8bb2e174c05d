/**
 * Runs the conformance suite, which speaks nothing but HTTP, against two servers of this process: one that is as quick as
 * it can, and one that stays in CREATING, UPDATING and DELETING long enough to be asked there.
 */
import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { startMillrace } from "../../src/millrace.ts";

const transitionDelayMs = 1_500;
const folder = join(import.meta.dirname, "../../conformance");

// Tests begin to run while files are still being imported; the first waits for the last import, so that none is missed.
const imported = Promise.withResolvers<number>();
test("the conformance suite is found", async () => {
  assert.ok((await imported.promise) > 0);
});

const usual = await startMillrace();
const slow = await startMillrace({ transitionDelay: transitionDelayMs });
after(async () => {
  await Promise.all([usual.close(), slow.close()]);
});
Object.assign(process.env, {
  ENDPOINT: usual.endpoint,
  SLOW_ENDPOINT: slow.endpoint,
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
  AWS_SECRET_ACCESS_KEY: "secret",
});
delete process.env["AWS_SESSION_TOKEN"];

const files = globSync(["*.test.ts", "own/*.test.ts"], { cwd: folder }).sort();
for (const file of files) await import(join(folder, file));
imported.resolve(files.length);
