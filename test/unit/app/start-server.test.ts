import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

/** Prints the modules of src/queues that are loaded with the server. */
const script = `
import { registerHooks } from "node:module";
const loaded = [];
registerHooks({
  load(url, context, next) {
    if (url.includes("/src/queues/")) loaded.push(url.slice(url.indexOf("/src/queues/") + "/src/queues/".length));
    return next(url, context);
  },
});
await import(${JSON.stringify(new URL("../../../src/app/start-server.ts", import.meta.url).href)});
console.log(loaded.sort().join());
`;

test("the start loads of queues only what a server without a queue needs", () => {
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
    encoding: "utf8",
  });
  assert.equal(stdout.trim(), "open-queues.ts,queue-ownership.ts,state-log-ref.ts,stream-growth.ts", stderr);
});
