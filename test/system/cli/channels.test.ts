import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startMillrace } from "../../../src/app/in-process-server.ts";
import { BucketStandIn } from "../../support/bucket-stand-in.ts";
import { cliOutput, runCli } from "../../support/run-cli.ts";

test("channel makes channels, lists, describes and deletes them", async (t) => {
  await using store = await BucketStandIn.start();
  const folder = await mkdtemp(join(tmpdir(), "millrace-places-"));
  t.after(() => rm(folder, { recursive: true }));
  const places = join(folder, "places.json");
  await store.writePlaces(places);
  await using millrace = await startMillrace({ channels: places });
  const { endpoint } = millrace;
  const channel = (...args: readonly string[]) => cliOutput(["channel", ...args], { endpoint });
  await cliOutput(["create", "clicks"], { endpoint });
  await channel("create", "lake", "clicks", "bucket", "--compression", "gzip", "--freshness", "7", "--key", "in/!{dd}");
  assert.match(await channel("ls"), /^CHANNEL +STATUS +STREAM +ARN\nlake +ACTIVE +clicks +arn:/);
  const described = await channel("describe", "lake");
  for (const line of [/bucket +bucket\n/, /records +JSON\n/, /compression +GZIP\n/, /key +in\/!{dd}\n/]) {
    assert.match(described, line);
  }
  assert.match(described, /freshnessSeconds +7\n/);
  const second = await runCli(["channel", "create", "lake", "clicks", "bucket"], { endpoint });
  assert.deepEqual([second.code, second.stderr.includes("ResourceInUseException")], [2, true], second.stderr);
  await channel("rm", "lake");
  assert.equal(await channel("ls"), "");
  const gone = await runCli(["channel", "describe", "lake"], { endpoint });
  assert.deepEqual([gone.code, gone.stderr], [2, "millrace: there is no channel lake\n"]);
});

test("channel create says why a channel is FAILED", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-places-"));
  t.after(() => rm(folder, { recursive: true }));
  const places = join(folder, "places.json");
  await using store = await BucketStandIn.start();
  store.isGone = true;
  await store.writePlaces(places);
  await using millrace = await startMillrace({ channels: places });
  const { endpoint } = millrace;
  await cliOutput(["create", "clicks"], { endpoint });
  const failed = await runCli(["channel", "create", "lake", "clicks", "nowhere"], { endpoint });
  assert.equal(failed.code, 2);
  assert.match(
    failed.stderr,
    /the channel lake is FAILED: The bucket nowhere refuses what the server asks of it \(404 /,
  );
});
