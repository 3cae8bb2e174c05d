import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import {
  CloudWatchClient,
  GetMetricStatisticsCommand,
  MissingRequiredParameterException,
  PutMetricDataCommand,
  paginateGetMetricData,
  paginateListMetrics,
} from "@aws-sdk/client-cloudwatch";
import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { newestPython, reportMissing } from "../../support/available-tools.ts";
import { ServerProcess } from "../../support/start-server.ts";

const StreamName = "orders";
const recordCount = 7;
const caller = { region: "us-east-1", credentials: { accessKeyId: "any", secretAccessKey: "any" } };

async function serverWithTraffic(t: TestContext): Promise<string> {
  const server = await ServerProcess.start({ args: ["--engine", "memory", "--stream", `${StreamName}:2`] });
  t.after(() => server[Symbol.asyncDispose]());
  const kinesis = new KinesisClient({ ...caller, endpoint: server.endpoint });
  const Records = Array.from({ length: recordCount }, (_, i) => ({ PartitionKey: `${i}`, Data: Buffer.from("a") }));
  await kinesis.send(new PutRecordsCommand({ StreamName, Records }));
  kinesis.destroy();
  return server.endpoint;
}

test("boto3 lists and reads the metrics of a stream, and publishes its own", async (t) => {
  const found = newestPython("boto3");
  if (found === undefined) return reportMissing(t, "boto3 (scripts/get-client-tools.mjs says why)");
  const endpoint = await serverWithTraffic(t);
  const script = join(import.meta.dirname, "cloudwatch_walk.py");
  const { stdout } = await promisify(execFile)(found.python, ["-B", script, endpoint, StreamName]);
  const { listed, ...rest } = JSON.parse(stdout) as { readonly listed: readonly string[] };
  assert(listed.includes("PutRecords.TotalRecords"));
  assert.deepEqual(rest, { statistics: recordCount, data: recordCount, refusal: "MissingParameter" });
});

test("the SDK for JavaScript lists and reads the metrics of a stream, and publishes its own", async (t) => {
  const client = new CloudWatchClient({ ...caller, endpoint: await serverWithTraffic(t) });
  t.after(() => client.destroy());
  const nowMs = Date.now();
  const span = { StartTime: new Date(nowMs - 1_800_000), EndTime: new Date(nowMs + 60_000) };
  const Dimensions = [{ Name: "StreamName", Value: StreamName }];
  const metric = { Namespace: "AWS/Kinesis", MetricName: "IncomingRecords", Dimensions };
  const names: (string | undefined)[] = [];
  for await (const { Metrics = [] } of paginateListMetrics({ client }, { Dimensions })) {
    names.push(...Metrics.map(({ MetricName }) => MetricName));
  }
  assert(names.includes("PutRecords.TotalRecords"));
  const { Datapoints = [] } = await client.send(
    new GetMetricStatisticsCommand({ ...metric, ...span, Period: 60, Statistics: ["Sum"] }),
  );
  assert.equal(
    Datapoints.reduce((sum, { Sum = 0 }) => sum + Sum, 0),
    recordCount,
  );
  const MetricDataQueries = [{ Id: "all", MetricStat: { Metric: metric, Period: 60, Stat: "Sum" } }];
  let sum = 0;
  for await (const { MetricDataResults = [] } of paginateGetMetricData({ client }, { MetricDataQueries, ...span })) {
    for (const { Values = [] } of MetricDataResults) for (const value of Values) sum += value;
  }
  assert.equal(sum, recordCount);
  const publish = (MetricData: { readonly MetricName: string; readonly Value: number }[]) =>
    client.send(new PutMetricDataCommand({ Namespace: "app", MetricData }));
  await publish(Array.from({ length: 300 }, (_, i) => ({ MetricName: `metric-${i}`, Value: i })));
  await assert.rejects(publish([]), MissingRequiredParameterException);
});
