import assert from "node:assert/strict";
import { test } from "node:test";
import { getMetricData } from "../../../src/cloudwatch/get-metric-data.ts";
import type { MetricReader, PointQuery } from "../../../src/cloudwatch/metric-reader.ts";

const owner = { account: "000000000000", region: "us-east-1" };
const minutesOfFifteenDays = 15 * 24 * 60;
/** API reference, GetMetricData: data points of one response. */
const pointsMax = 100_800;

/** Has two points for each query. */
class CountingReader implements MetricReader {
  readonly calls: (readonly PointQuery[])[] = [];

  async points(queries: readonly PointQuery[]) {
    this.calls.push(queries);
    return queries.map(({ startMs, periodMs }) =>
      [1, 2].map((sum, i) => ({
        timeMs: startMs + i * periodMs,
        set: { count: 1, sum, minimum: sum, maximum: sum },
      })),
    );
  }

  async sources(): Promise<never> {
    return assert.fail("not asked");
  }
}

interface Output {
  readonly MetricDataResults: readonly {
    readonly Id: string;
    readonly Values: readonly number[];
    readonly StatusCode: string;
  }[];
  readonly NextToken?: string;
}

async function read(
  reader: MetricReader,
  names: readonly string[],
  minutes: number,
  more: { readonly MaxDatapoints?: number; readonly NextToken?: string | undefined } = {},
): Promise<Output> {
  const MetricDataQueries = names.map((MetricName, i) => ({
    Id: `q${i}`,
    MetricStat: {
      Metric: { Namespace: "AWS/Kinesis", MetricName, Dimensions: [{ Name: "StreamName", Value: "watched" }] },
      Period: 60,
      Stat: "Sum",
    },
  }));
  const input = { MetricDataQueries, StartTime: 60, EndTime: 60 + 60 * minutes, ...more };
  return (await getMetricData(input, { owner, reader, nowMs: 0 })) as Output;
}

/** Fear: one call of 500 queries takes gigabytes of memory, or more than another gateway may answer at once. */
test("500 long queries are read in parts, each with no more points than one response", async () => {
  const reader = new CountingReader();
  const names = Array.from({ length: 500 }, (_, i) => (i % 5 === 0 ? "NoMetric" : "IncomingBytes"));
  const { MetricDataResults: results, NextToken } = await read(reader, names, minutesOfFifteenDays);
  assert.equal(NextToken, undefined);
  assert.deepEqual(
    results.map(({ Id, Values }) => [Id, Values]),
    names.map((name, i) => [`q${i}`, name === "NoMetric" ? [] : [2, 1]]),
  );
  assert.equal(reader.calls.flat().length, 400);
  for (const { length } of reader.calls)
    assert(length * minutesOfFifteenDays <= pointsMax, `${length} queries at once`);
});

test("500 queries of an hour are read at once", async () => {
  const reader = new CountingReader();
  await read(reader, Array<string>(500).fill("IncomingBytes"), 60);
  assert.equal(reader.calls.length, 1);
});

test("a page that ends within a part is continued there", async () => {
  const names = Array<string>(20).fill("IncomingBytes");
  const found: number[] = [];
  let NextToken: string | undefined;
  do {
    const page = await read(new CountingReader(), names, minutesOfFifteenDays, { MaxDatapoints: 7, NextToken });
    found.push(...page.MetricDataResults.flatMap(({ Values }) => Values));
    ({ NextToken } = page);
  } while (NextToken !== undefined);
  assert.deepEqual(
    found,
    names.flatMap(() => [2, 1]),
  );
});
