import { describe, test } from "node:test";
import { ServerProcess } from "../support/start-server.ts";
import { awsClis, reportMissing } from "./available-tools.ts";
import { startAwsCliDriver } from "./aws-cli-driver.ts";
import { runWorkload } from "./workload.ts";

// Every call is a process of half a second or more: only the first CLI on the path carries the whole file.
const lineCounts = [10_000, 1_000];

const clis = awsClis();

test("the AWS CLI is there", (t) => {
  if (clis.length === 0) reportMissing(t, "AWS CLI (Debian: apt-get install awscli)");
});

describe("the AWS CLI", { concurrency: true }, () => {
  for (const [index, cli] of clis.entries()) {
    const lineCount = lineCounts[index] ?? 1_000;
    test(`version ${cli.majorVersion} puts a text file, reads it back in order, splits, merges, tags and deletes`, async (t) => {
      await using server = await ServerProcess.start();
      const client = await startAwsCliDriver(cli, server.endpoint);
      t.after(() => client.close());
      await runWorkload(client, { streamName: "aws-cli", lineCount, callsInFlight: 2, readsEveryTime: false });
    });
  }
});
