/**
 * The clients' own signers, against a server that verifies. boto 2 is not among them: it takes the service's name for its
 * signatures from the host, and signs for a service "127" here.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { awsClis, pythonsWith, reportMissing } from "../../support/available-tools.ts";
import { ServerProcess } from "../../support/start-server.ts";
import { startAwsCliDriver } from "./aws-cli-driver.ts";
import { type ClientDriver, clientEnvironment } from "./client-driver.ts";
import { startPythonDriver } from "./python-driver.ts";
import { sdkDriver } from "./sdk-driver.ts";
import { runWorkload } from "./workload.ts";

// Enough for bodies that are hashed on other threads too.
const workload = { lineCount: 1_000, callsInFlight: 4, readsEveryTime: true };

async function startVerifying(t: TestContext): Promise<ServerProcess> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-clients-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "keys.json");
  const accessKeyId = clientEnvironment["AWS_ACCESS_KEY_ID"];
  const secretAccessKey = clientEnvironment["AWS_SECRET_ACCESS_KEY"];
  const credentials = [{ accessKeyId, secretAccessKey, account: "123456789012" }];
  writeFileSync(path, JSON.stringify({ credentials }));
  return await ServerProcess.start({ args: ["--engine", "memory", "--credentials", path] });
}

const clients: readonly (readonly [string, (server: ServerProcess) => ClientDriver])[] = [
  ["the AWS SDK for JavaScript over HTTP/2", ({ endpoint }) => sdkDriver({ endpoint })],
  [
    "the AWS SDK for JavaScript over HTTP/1.1",
    ({ endpoint }) => sdkDriver({ endpoint, requestHandler: new NodeHttpHandler() }),
  ],
  ...pythonsWith("boto3").map(({ python, version }): (typeof clients)[number] => [
    `boto3 ${version}`,
    ({ endpoint }) => startPythonDriver({ python, script: "boto3_driver.py", args: [endpoint] }),
  ]),
];
describe("signatures of clients", { concurrency: true }, () => {
  for (const [name, connect] of clients) {
    test(`${name} does the whole day with its signatures verified`, async (t) => {
      await using server = await startVerifying(t);
      const client = connect(server);
      t.after(() => client.close());
      await runWorkload(client, { streamName: "verified", ...workload });
    });
  }

  test("the AWS CLI creates and lists with its signatures verified", async (t) => {
    const [cli] = awsClis();
    if (cli === undefined) return reportMissing(t, "AWS CLI (scripts/get-client-tools.mjs says why)");
    await using server = await startVerifying(t);
    const client = await startAwsCliDriver(cli, server.endpoint);
    t.after(() => client.close());
    await client.createStream("verified", 1);
    await client.waitUntilActive("verified");
    await client.putRecords("verified", [{ data: "record", partitionKey: "key" }]);
  });
});
