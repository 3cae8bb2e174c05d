import assert from "node:assert/strict";
import { test } from "node:test";
import { startCommand, startCommandOf } from "../../../bench/start-command.ts";

test("startCommandOf reads variables and flags out of the start script", () => {
  const script = `(node a.mjs) && exec env A="\${A:-8}" B_C="\${B_C:-x=1}" node --one=2 --two dist/cli/cli.js serve`;
  assert.deepEqual(startCommandOf(script), { env: { A: "8", B_C: "x=1" }, nodeFlags: ["--one=2", "--two"] });
  assert.deepEqual(startCommandOf("x && exec env node dist/cli/cli.js serve"), { env: {}, nodeFlags: [] });
});

test("startCommandOf refuses what it would read wrongly", () => {
  assert.throws(() => startCommandOf("node dist/cli/cli.js serve"), /form that is not known/);
  assert.throws(() => startCommandOf("x && exec env A=8 node dist/cli/cli.js serve"), /A=8/);
});

test("the bench starts the server as npm start does", () => {
  assert.equal(startCommand.env["UV_THREADPOOL_SIZE"], "8");
  assert(startCommand.nodeFlags.length > 0 && startCommand.nodeFlags.every((flag) => flag.startsWith("--")));
});
