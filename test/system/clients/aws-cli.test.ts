import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { awsClis, newestPython, reportMissing } from "../../support/available-tools.ts";
import { ServerProcess } from "../../support/start-server.ts";
import { textLines } from "../../support/text-lines.ts";
import { startAwsCliDriver, startAwsCliInOneProcess } from "./aws-cli-driver.ts";
import { walkedServer } from "./walked-server.ts";
import { runWorkload } from "./workload.ts";

const newestCli = newestPython("awscli");

test("the AWS CLI puts a text file, reads it back in order, splits, merges, tags and deletes", async (t) => {
  if (newestCli === undefined) return reportMissing(t, "AWS CLI (scripts/get-client-tools.mjs says why)");
  t.diagnostic(`version ${newestCli.version}`);
  await using server = await ServerProcess.start();
  const client = await startAwsCliInOneProcess(newestCli.python, server.endpoint);
  t.after(() => client.close());
  const size = { lineCount: 10_000, callsInFlight: 2, readsEveryTime: false };
  await runWorkload(client, { streamName: "aws-cli", ...size });
});

describe("a process of the AWS CLI for each call", { concurrency: true }, () => {
  // The versions differ in how they take blobs and give them back.
  for (const cli of awsClis()) {
    test(`version ${cli.majorVersion} reads back what it has put`, async (t) => {
      await using server = await walkedServer(() => ServerProcess.start());
      const client = await startAwsCliDriver(cli, server.endpoint);
      t.after(() => client.close());
      const entries = textLines(500).lines.map((data) => ({ data, partitionKey: "one" }));
      const streamName = `aws-cli-${cli.majorVersion}`;
      await client.createStream(streamName, 1);
      await client.waitUntilActive(streamName);
      const [placed] = await client.putRecords(streamName, entries);
      assert(placed !== undefined);
      const read = await client.readShard(streamName, placed.shardId);
      assert.deepEqual(
        read.map(({ data, partitionKey }) => ({ data, partitionKey })),
        entries,
      );
    });
  }
});
