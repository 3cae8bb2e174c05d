import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ChannelsFileReloader } from "../../../../src/channels/places/channels-file-reloader.ts";
import { SimulatedClock } from "../../../support/simulated-clock.ts";

const arn = "arn:aws:s3:::lake";

function placesAt(endpoint: string): object {
  return { buckets: { "*": { endpoint } } };
}

test("a mistake in the file stays a fault for as long as it is there, and no version with one is in force", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-places-"));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "places.json");
  const first = placesAt("http://127.0.0.1:1");
  const reloader = new ChannelsFileReloader({ path, json: first }, new SimulatedClock());
  t.after(() => reloader.close());
  for (const [mistake, told] of [
    ['{"buckets": {}}', "names no bucket"],
    ["{", "is not valid JSON"],
  ] as const) {
    await writeFile(path, mistake);
    for (let look = 1; look <= 3; look += 1) {
      await reloader.check();
      assert(reloader.fault?.includes(told), `look ${look} at ${mistake}: ${reloader.fault}`);
      assert.equal(reloader.find(arn)?.endpoint, "http://127.0.0.1:1");
    }
  }
  await writeFile(path, JSON.stringify(first));
  await reloader.check();
  assert.equal(reloader.fault, undefined);
  await writeFile(path, JSON.stringify(placesAt("http://127.0.0.1:2")));
  await reloader.check();
  const access = reloader.find(arn);
  assert.equal(access?.endpoint, "http://127.0.0.1:2");
  await reloader.check();
  assert.equal(reloader.find(arn), access, "the same object until the file changes");
});
