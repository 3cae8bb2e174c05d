import assert from "node:assert/strict";
import { test } from "node:test";
import { FuzzedServer } from "./fuzz-server.ts";

const requestCount = 3_000;
const noProc = process.platform === "linux" ? false : "needs /proc";

for (const isVerified of [false, true]) {
  const name = isVerified ? "that verifies signatures" : "that takes any signature";
  test(`random requests find no 5xx, no crash, no late response and no growth in a server ${name}`, {
    skip: noProc,
  }, async () => {
    await using server = await FuzzedServer.start(isVerified);
    const { faults, statuses, requestCount: sent } = await server.fuzz(isVerified ? 2 : 1, requestCount);
    assert.deepEqual(faults, []);
    assert.equal(sent, requestCount);
    // Requests that are all refused, or all taken, say little.
    assert(
      (statuses.get(200) ?? 0) > requestCount / 10 && (statuses.get(400) ?? 0) > requestCount / 10,
      String([...statuses]),
    );
  });
}
