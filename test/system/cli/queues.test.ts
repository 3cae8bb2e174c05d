import assert from "node:assert/strict";
import { test } from "node:test";
import { startMillrace } from "../../../src/app/in-process-server.ts";
import { cliOutput, runCli } from "../../support/run-cli.ts";

interface Received {
  readonly receiptHandle: string;
  readonly receiveCount: number;
  readonly data: string;
}

test("queue makes queues, hands out and acknowledges records, and restores dead letters", async () => {
  await using millrace = await startMillrace();
  const { endpoint } = millrace;
  const queue = (...args: readonly string[]) => cliOutput(["queue", ...args], { endpoint });
  const receive = async (command: string, ...args: readonly string[]): Promise<readonly Received[]> =>
    JSON.parse(await queue(command, "work", "--json", ...args));
  await cliOutput(["create", "orders"], { endpoint });
  await queue("create", "work", "orders", "--from", "oldest", "--max-receives", "1", "--visibility", "30");
  assert.match(await queue("ls"), /^QUEUE +STATUS +STREAM +ARN\nwork +ACTIVE +orders +arn:/);
  assert.match(await queue("describe", "work"), /visibilitySeconds +30\nmaxReceives +1\n/);

  await cliOutput(["put", "orders", "one"], { endpoint });
  const [first] = await receive("receive");
  assert.deepEqual([Buffer.from(first?.data ?? "", "base64").toString(), first?.receiveCount], ["one", 1]);
  await queue("ack", "work", first?.receiptHandle ?? "");
  const twice = await runCli(["queue", "ack", "work", "nonsense"], { endpoint });
  assert.equal(twice.code === 0, false, "a handle that is none");
  assert.deepEqual(await receive("receive", "--wait", "1"), []);

  await cliOutput(["put", "orders", "two", "--key", "k"], { endpoint });
  // Received so often that it is a dead letter as soon as its timeout ends.
  assert.equal((await receive("receive", "--visibility", "0")).length, 1);
  const [dead] = await receive("dead", "--visibility", "0");
  assert.equal(Buffer.from(dead?.data ?? "", "base64").toString(), "two");
  await queue("restore", "work", "--all");
  assert.equal(await queue("receive", "work", "--ack"), "1  k  two\n");
  await queue("rm", "work");
  assert.equal(await queue("ls"), "");
  const gone = await runCli(["queue", "receive", "work"], { endpoint });
  assert.deepEqual([gone.code, gone.stderr], [2, "millrace: there is no queue work\n"]);
});
