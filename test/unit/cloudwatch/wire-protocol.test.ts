import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudWatchError } from "../../../src/cloudwatch/cloudwatch-error.ts";
import { parseCloudWatchRequest, type WireProtocol } from "../../../src/cloudwatch/wire-protocol.ts";

const head = {
  method: "POST",
  url: "/",
  headers: { "x-amz-target": "GraniteServiceVersion20100801.PutMetricData" },
};

function parse(protocol: WireProtocol, body: string): unknown {
  return parseCloudWatchRequest(protocol, head, Buffer.from(body)).input;
}

/** Fear: a body of 1 MiB that is nothing but structure takes the event loop for seconds. */
test("a form or JSON of more parts than any call has is refused before it is parsed", () => {
  const malformed = (error: unknown): boolean => error instanceof CloudWatchError && error.code === "MalformedInput";
  assert.throws(() => parse("query", "a=1&".repeat(20_000)), malformed);
  assert.throws(() => parse("json", `[${"{},".repeat(75_000)}1]`), malformed);
});

test("a large call of PutMetricData is parsed", () => {
  const data = Array.from({ length: 900 }, (_, i) => ({
    MetricName: `metric-${i}`,
    Dimensions: Array.from({ length: 10 }, (_unused, j) => ({ Name: `name-${j}`, Value: `value-${j}` })),
    StatisticValues: { SampleCount: 1, Sum: 1, Minimum: 1, Maximum: 1 },
  }));
  const asJson = JSON.stringify({ Namespace: "n", MetricData: data });
  assert.deepEqual(parse("json", asJson), { Namespace: "n", MetricData: data });
  const form = data.flatMap(({ MetricName, Dimensions }, i) => [
    `MetricData.member.${i + 1}.MetricName=${MetricName}`,
    ...Dimensions.flatMap(({ Name, Value }, j) => {
      const path = `MetricData.member.${i + 1}.Dimensions.member.${j + 1}`;
      return [`${path}.Name=${Name}`, `${path}.Value=${Value}`];
    }),
  ]);
  const parsed = parse("query", form.join("&")) as { readonly MetricData: readonly unknown[] };
  assert.equal(parsed.MetricData.length, data.length);
});
