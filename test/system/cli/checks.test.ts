import assert from "node:assert/strict";
import { test } from "node:test";
import { startMillrace } from "../../../src/app/in-process-server.ts";
import { cliOutput, runCli } from "../../support/run-cli.ts";

test("health tells by its exit code whether a server is ready", async () => {
  await using millrace = await startMillrace();
  const { endpoint } = millrace;
  assert.match(await cliOutput(["health"], { endpoint }), /^status +ready\nengine +memory\ndurable +false\n/);
  const { status } = JSON.parse(await cliOutput(["health", "--json", "-e", endpoint]));
  assert.equal(status, "ready");
  await millrace.close();
  const gone = await runCli(["health"], { endpoint });
  assert.equal(gone.code, 2);
  assert.match(gone.stderr, /^millrace: no answer from http:.*: nothing listens there/);
});
