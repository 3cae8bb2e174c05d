/** Prometheus's exporter for CloudWatch, which finds and reads the metrics of a stream as it does of Amazon Kinesis. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateStreamCommand,
  EnableEnhancedMonitoringCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  PutRecordCommand,
  PutRecordsCommand,
  waitUntilStreamExists,
} from "@aws-sdk/client-kinesis";
import { kinesisClient } from "./client-environment.ts";
import { type Environment, java, type Library, maven } from "./library.ts";
import { buildJava, javaCommand } from "./maven.ts";
import { runProgram } from "./run-program.ts";

const StreamName = "exported";
const scrapeMsMax = 60_000;

/** Metrics by their name, each with its statistic. The series that the exporter makes of them follow. */
const wanted = [
  { name: "IncomingRecords", dimensions: ["StreamName"], statistic: "Sum", ofMetricData: false },
  { name: "IncomingBytes", dimensions: ["StreamName"], statistic: "Sum", ofMetricData: true },
  { name: "PutRecords.TotalRecords", dimensions: ["StreamName"], statistic: "Maximum", ofMetricData: false },
  { name: "GetRecords.Records", dimensions: ["StreamName"], statistic: "Sum", ofMetricData: true },
  { name: "OutgoingRecords", dimensions: ["StreamName", "ShardId"], statistic: "Sum", ofMetricData: true },
] as const;
/** One batch of 20 records of 12 bytes, and 5 single ones of 4, each with a key of 3; all are read once. */
const expected: Readonly<Record<string, number>> = {
  aws_kinesis_incoming_records_sum: 25,
  aws_kinesis_incoming_bytes_sum: 20 * (12 + 3) + 5 * (4 + 3),
  aws_kinesis_put_records_total_records_maximum: 20,
  aws_kinesis_get_records_records_sum: 25,
  aws_kinesis_outgoing_records_sum: 25,
};

export const cloudWatchExporter: Library = {
  name: "Prometheus CloudWatch exporter",
  tools: [java, maven],
  prepare: () => buildJava("cloudwatch-exporter"),
  async run(env) {
    await makeTraffic(env);
    const series = await exportedSeries(env);
    assert.deepEqual(series, expected);
    return `${Object.keys(series).length} metrics with the client's own counts`;
  },
};

async function makeTraffic(env: Environment): Promise<void> {
  const kinesis = kinesisClient(env);
  await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
  const waiting = { client: kinesis, maxWaitTime: 30, minDelay: 1 };
  await waitUntilStreamExists(waiting, { StreamName });
  await kinesis.send(new EnableEnhancedMonitoringCommand({ StreamName, ShardLevelMetrics: ["ALL"] }));
  await waitUntilStreamExists(waiting, { StreamName });
  const Records = Array.from({ length: 20 }, () => ({ Data: Buffer.alloc(12), PartitionKey: "key" }));
  await kinesis.send(new PutRecordsCommand({ StreamName, Records }));
  for (let i = 0; i < 5; i++) {
    await kinesis.send(new PutRecordCommand({ StreamName, Data: Buffer.alloc(4), PartitionKey: "key" }));
  }
  const place = { StreamName, ShardId: "shardId-000000000000", ShardIteratorType: "TRIM_HORIZON" } as const;
  const { ShardIterator } = await kinesis.send(new GetShardIteratorCommand(place));
  await kinesis.send(new GetRecordsCommand({ ShardIterator }));
  kinesis.destroy();
}

/** What the exporter shows of Kinesis: the sum of all samples of a name. */
async function exportedSeries(env: Environment): Promise<Readonly<Record<string, number>>> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-exporter-"));
  const config = join(directory, "config.json");
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ region: env["AWS_REGION"], metrics: wanted.map(ruleOf) }));
  try {
    const printed = await runProgram([...javaCommand("cloudwatch-exporter", "millrace.Main"), config], {
      cwd: directory,
      timeMsMax: scrapeMsMax,
      env: { ...env, AWS_ENDPOINT_URL: env["MILLRACE_HTTP"] ?? "" },
    });
    return kinesisSeries(printed);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Two periods up to now, so that all of the traffic is in the second one. */
function ruleOf({ name, dimensions, statistic, ofMetricData }: (typeof wanted)[number]): object {
  return {
    aws_namespace: "AWS/Kinesis",
    aws_metric_name: name,
    aws_dimensions: dimensions,
    aws_statistics: [statistic],
    use_get_metric_data: ofMetricData,
    period_seconds: 3_600,
    range_seconds: 7_200,
    delay_seconds: 0,
    set_timestamp: false,
  };
}

function kinesisSeries(printed: string): Readonly<Record<string, number>> {
  const series: Record<string, number> = {};
  for (const [, name = "", labels = "", value] of printed.matchAll(/^(aws_kinesis_\w+) (\S*) (\S+)$/gm)) {
    if (labels.split(",").includes(StreamName)) series[name] = (series[name] ?? 0) + Number(value);
  }
  return series;
}
