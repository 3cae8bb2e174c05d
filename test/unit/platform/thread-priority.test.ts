import assert from "node:assert/strict";
import { once } from "node:events";
import { getPriority } from "node:os";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";

const module = pathToFileURL(`${import.meta.dirname}/../../../src/platform/thread-priority.ts`).href;
const source = `
  import { getPriority } from "node:os";
  import { parentPort } from "node:worker_threads";
  import { lowerThreadPriority } from ${JSON.stringify(module)};
  const before = getPriority();
  lowerThreadPriority();
  parentPort.postMessage([before, getPriority()]);
`;

test("a thread that lowers its priority leaves the others at theirs", async () => {
  const own = getPriority();
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`));
  const [[before, after]] = (await once(worker, "message")) as [[number, number]];
  assert.equal(before, own);
  assert.equal(getPriority(), own);
  const isLower = after > before || before >= 10;
  assert.equal(isLower, process.platform === "linux", `${before}, then ${after}`);
});
