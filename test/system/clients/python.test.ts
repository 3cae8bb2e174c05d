import { test } from "node:test";
import { pythonsWith, reportMissing } from "../../support/available-tools.ts";
import { ServerProcess } from "../../support/start-server.ts";
import { startPythonDriver } from "./python-driver.ts";
import { runWorkload } from "./workload.ts";

const workload = { lineCount: 10_200, callsInFlight: 1, readsEveryTime: true };
const shortWorkload = { ...workload, lineCount: 1_000 };

test("boto 2 puts a text file, reads it back in order, splits, merges, tags and deletes", async (t) => {
  const [found] = pythonsWith("boto");
  if (found === undefined) return reportMissing(t, "boto 2 (scripts/get-client-tools.mjs says why)");
  await using server = await ServerProcess.start();
  const args = ["127.0.0.1", String(server.port)];
  const client = startPythonDriver({ python: found.python, script: "boto2_driver.py", args });
  t.after(() => client.close());
  await runWorkload(client, { streamName: "boto-2", ...workload });
});

const boto3s = pythonsWith("boto3");

test("boto3 is there", (t) => {
  if (boto3s.length === 0) reportMissing(t, "boto3 (scripts/get-client-tools.mjs says why)");
});

for (const [index, { python, version }] of boto3s.entries()) {
  test(`boto3 ${version} puts a text file, reads it back in order, splits, merges, tags and deletes`, async (t) => {
    await using server = await ServerProcess.start();
    const client = startPythonDriver({ python, script: "boto3_driver.py", args: [server.endpoint] });
    t.after(() => client.close());
    await runWorkload(client, { streamName: "boto3", ...(index === 0 ? workload : shortWorkload) });
  });
}
