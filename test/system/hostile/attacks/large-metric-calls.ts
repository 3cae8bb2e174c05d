import { signRequest } from "../../../support/signed-request.ts";
import { type Attack, bytesOf, type Target } from "../attack.ts";
import { repeat } from "../attack-connection.ts";

const mib = 1024 * 1024;
const dayMs = 24 * 3600 * 1000;

/** Fifteen days of minutes, 500 times. */
function queriesOf(streamName: string): object {
  const Metric = {
    Namespace: "AWS/Kinesis",
    MetricName: "IncomingRecords",
    Dimensions: [{ Name: "StreamName", Value: streamName }],
  };
  const MetricStat = { Metric, Period: 60, Stat: "Sum" };
  return {
    MetricDataQueries: Array.from({ length: 500 }, (_, i) => ({ Id: `q${i}`, MetricStat })),
    StartTime: (Date.now() - 15 * dayMs) / 1000,
    EndTime: Date.now() / 1000,
  };
}

function call({ credential }: Target, operation: string, type: string, body: string): Buffer {
  const headers = { "content-type": type };
  const target = `GraniteServiceVersion20100801.${operation}`;
  const signing = { target, service: "monitoring" as const, host: "127.0.0.1", nowMs: Date.now(), headers };
  return bytesOf(signRequest(credential, body, signing));
}

const json = "application/x-amz-json-1.0";
const form = "application/x-www-form-urlencoded";

/** Bodies that are nothing but structure, up to the limits of what is parsed and beyond them. */
export const largeMetricCalls: Attack = {
  name: "calls of CloudWatch of 500 queries, and of 1 MiB of structure",
  requests(target) {
    const names = Array.from({ length: 74_000 }, (_, i) => `"\\u0061${i}":1`);
    return [
      call(target, "GetMetricData", json, JSON.stringify(queriesOf(target.streamName))),
      call(target, "PutMetricData", json, `{${names.join(",")}}`),
      call(target, "PutMetricData", json, "[".repeat(mib)),
      call(target, "PutMetricData", form, Array.from({ length: 19_900 }, (_, i) => `A.${i}.b=1`).join("&")),
      call(target, "PutMetricData", form, "a=&".repeat(mib / 3)),
    ];
  },
  async run(target, signal) {
    await repeat(target.port, () => this.requests?.(target) ?? [], { connectionCount: 16, signal });
    return [];
  },
};
