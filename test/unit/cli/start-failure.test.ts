import assert from "node:assert/strict";
import { test } from "node:test";
import { describeStartFailure } from "../../../src/cli/start-failure.ts";
import { StartError } from "../../../src/config/start-error.ts";

test("describeStartFailure() gives one sentence and exit code 2 for what the operator can change", () => {
  const error = new StartError("port 4567 on 127.0.0.1 is already in use by another process");
  assert.deepEqual(describeStartFailure(error), { text: error.message, exitCode: 2 });
});

test("describeStartFailure() gives the stack and exit code 1 for a bug", () => {
  const { text, exitCode } = describeStartFailure(new TypeError("x is undefined"));
  assert.match(text, /internal error, .* stack trace: TypeError: x is undefined\n +at /);
  assert.equal(exitCode, 1);
});
