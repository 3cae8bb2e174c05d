import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startMillrace } from "../../../src/app/in-process-server.ts";
import { call } from "../../support/kinesis-call.ts";

const StreamName = "orders";

async function countsOf(endpoint: string): Promise<readonly string[]> {
  const metrics = await (await fetch(`${endpoint}/metrics`)).text();
  return metrics.split("\n").filter((line) => line.startsWith("millrace_requests_total{"));
}

test("a server that starts again makes no request of its own, and its clients read what is stored", async () => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-test-"));
  const options = { dataDir: join(directory, "data"), stream: `${StreamName}:1`, allowAnonymous: true };
  try {
    const first = await startMillrace(options);
    const record = { StreamName, PartitionKey: "key", Data: Buffer.from("kept").toString("base64") };
    await call(first.endpoint, "PutRecord", record);
    assert.equal((await countsOf(first.endpoint)).length, 1, "the put is counted");
    await first.close();

    const again = await startMillrace(options);
    assert.deepEqual(await countsOf(again.endpoint), []);
    const place = { StreamName, ShardId: "shardId-000000000000", ShardIteratorType: "TRIM_HORIZON" };
    const { ShardIterator } = await call<{ ShardIterator: string }>(again.endpoint, "GetShardIterator", place);
    const page = await call<{ Records: { Data: string }[] }>(again.endpoint, "GetRecords", { ShardIterator });
    assert.deepEqual(
      page.Records.map(({ Data }) => Buffer.from(Data, "base64").toString()),
      ["kept"],
    );
    assert.equal((await countsOf(again.endpoint)).length, 2);
    await again.close();
  } finally {
    rmSync(directory, { recursive: true });
  }
});
