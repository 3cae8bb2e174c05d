/** Long because: each of these tests goes the whole way from a put to a data point, over one server. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { decode, encode } from "cborg";
import { openMonitoring } from "../../../../src/app/open-monitoring.ts";
import { createAccessControl } from "../../../../src/auth/access-control.ts";
import type { Credential } from "../../../../src/auth/credential.ts";
import { MemoryEngine } from "../../../../src/engine/memory/memory-engine.ts";
import { awsLimits } from "../../../../src/limits/limits-table.ts";
import { RateLimits } from "../../../../src/limits/rate-limits.ts";
import type { RequestHandler, WireResponse } from "../../../../src/server/http/http-message.ts";
import { monitoringBodyAdmitter, monitoringHandler } from "../../../../src/server/pipeline/monitoring-handler.ts";
import { parsePolicy } from "../../../../src/streams/policy/policy-document.ts";
import { type RequestFailed, requestFailed, requestFinished } from "../../../../src/telemetry/diagnostic-events.ts";
import { type SignedRequest, signRequest } from "../../../support/signed-request.ts";
import { SimulatedClock } from "../../../support/simulated-clock.ts";
import { account, region, TestServer } from "../../../support/test-server.ts";

const StreamName = "watched";
const key = "key";
const { signal } = new AbortController();

interface Query {
  readonly metric: string;
  readonly statistic: string;
  readonly dimensions?: Readonly<Record<string, string>>;
  readonly period?: number;
}

async function openServer(t: TestContext, credentials?: readonly Credential[]) {
  const clock = new SimulatedClock();
  const engine = new MemoryEngine({ clock, memoryBudgetBytes: 64 * 1024 * 1024 });
  await engine.open();
  const server = await TestServer.open({ engine, clock, limits: new RateLimits(awsLimits, clock) });
  const closing = new AsyncDisposableStack();
  t.after(async () => {
    await closing.disposeAsync();
    await server.close();
    await engine.close();
  });
  const reader = openMonitoring({ services: server.services, clock, closing });
  const { registry, tokens, iterators } = server.services;
  const accessControl =
    credentials === undefined
      ? undefined
      : createAccessControl((id) => credentials.find(({ accessKeyId }) => accessKeyId === id), {
          ...{ registry, tokens, iterators },
          nowMs: () => clock.nowMs(),
        });
  const callerDefaults = { account, region, allowAnonymous: true };
  const services = { reader, callerDefaults, accessControl, clock };
  const handle = monitoringHandler(services);
  await server.expectOk("CreateStream", { StreamName, ShardCount: 1 });
  await server.untilIdle();
  return { server, clock, handle, admit: monitoringBodyAdmitter(services) };
}

async function callJson(handle: RequestHandler, operation: string, input: object): Promise<WireResponse> {
  const headers = {
    "content-type": "application/x-amz-json-1.0",
    "x-amz-target": `GraniteServiceVersion20100801.${operation}`,
  };
  return await handle({ method: "POST", url: "/", headers, body: Buffer.from(JSON.stringify(input)), signal });
}

function membersOf<Members>({ status, body }: WireResponse): Members {
  assert.equal(status, 200, String(body));
  return JSON.parse(String(body)) as Members;
}

/** The values of the whole simulated day by query. */
async function valuesOf(handle: RequestHandler, clock: SimulatedClock, queries: readonly Query[]) {
  const MetricDataQueries = queries.map(({ metric, statistic, dimensions = {}, period = 60 }, i) => ({
    Id: `q${i}`,
    MetricStat: {
      Metric: {
        Namespace: "AWS/Kinesis",
        MetricName: metric,
        Dimensions: Object.entries({ StreamName, ...dimensions }).map(([Name, Value]) => ({ Name, Value })),
      },
      Period: period,
      Stat: statistic,
    },
  }));
  const [StartTime, EndTime] = [clock.nowMs() / 1_000 - 3_600, clock.nowMs() / 1_000 + 1];
  const input = { MetricDataQueries, StartTime, EndTime, ScanBy: "TimestampAscending" };
  const { MetricDataResults } = membersOf<{
    readonly MetricDataResults: readonly {
      readonly Values: readonly number[];
      readonly Timestamps: readonly number[];
    }[];
  }>(await callJson(handle, "GetMetricData", input));
  return MetricDataResults.map(({ Values }) => Values);
}

test("records, bytes, throttles and iterator age are those that the client counted", async (t) => {
  const { server, clock, handle } = await openServer(t);
  await server.expectOk("EnableEnhancedMonitoring", { StreamName, ShardLevelMetrics: ["ALL"] });
  await server.untilIdle();
  const counted = { records: 0, bytes: 0, throttled: 0, calls: 0, returned: 0 };
  const sizes = [1, 200, 30_000, 300_000, 400_000, 500_000];
  for (const size of [...sizes, ...sizes]) {
    const Data = Buffer.alloc(size).toString("base64");
    const Records = [1, 2].map(() => ({ Data, PartitionKey: key }));
    const { Records: results } = await server.expectOk<{ Records: readonly { readonly ErrorCode?: string }[] }>(
      "PutRecords",
      { StreamName, Records },
    );
    counted.calls++;
    for (const { ErrorCode } of results) {
      if (ErrorCode === undefined) {
        counted.records++;
        counted.bytes += size + key.length;
      } else counted.throttled++;
    }
    await clock.advance(300);
  }
  assert(counted.throttled > 0 && counted.records > 10, "some of both");
  await clock.advance(40_000);
  const place = { StreamName, ShardId: "shardId-000000000000", ShardIteratorType: "TRIM_HORIZON" };
  const { ShardIterator } = await server.expectOk<{ ShardIterator: string }>("GetShardIterator", place);
  const first = await server.expectOk<{ Records: readonly { readonly ApproximateArrivalTimestamp: number }[] }>(
    "GetRecords",
    { ShardIterator, Limit: 1 },
  );
  counted.returned += first.Records.length;
  const ageMs = clock.nowMs() - (first.Records[0]?.ApproximateArrivalTimestamp ?? 0) * 1_000;
  let throttledReads = 0;
  for (let call = 0; call < 6; call++) {
    const read = await server.call<{ readonly Records: readonly object[] }>("GetRecords", { ShardIterator, Limit: 1 });
    if (read.ok) counted.returned += read.output.Records.length;
    else throttledReads++;
  }
  const shard = { ShardId: place.ShardId };
  const [sums, single] = [
    [
      { metric: "IncomingRecords", statistic: "Sum" },
      { metric: "IncomingBytes", statistic: "Sum" },
      { metric: "PutRecords.SuccessfulRecords", statistic: "Sum" },
      { metric: "PutRecords.ThrottledRecords", statistic: "Sum" },
      { metric: "WriteProvisionedThroughputExceeded", statistic: "Sum" },
      { metric: "PutRecords.Success", statistic: "SampleCount" },
      { metric: "GetRecords.Records", statistic: "Sum" },
      { metric: "ReadProvisionedThroughputExceeded", statistic: "Sum" },
      { metric: "IncomingBytes", statistic: "Sum", dimensions: shard },
      { metric: "WriteProvisionedThroughputExceeded", statistic: "Sum", dimensions: shard },
      { metric: "OutgoingRecords", statistic: "Sum", dimensions: shard },
    ],
    [
      { metric: "GetRecords.IteratorAgeMilliseconds", statistic: "Maximum", period: 5 },
      { metric: "IteratorAgeMilliseconds", statistic: "Maximum", dimensions: shard, period: 5 },
    ],
  ];
  const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
  assert.deepEqual((await valuesOf(handle, clock, sums)).map(total), [
    ...[counted.records, counted.bytes, counted.records, counted.throttled, counted.throttled, counted.calls],
    ...[counted.returned, throttledReads, counted.bytes, counted.throttled, counted.returned],
  ]);
  assert.deepEqual(await valuesOf(handle, clock, single), [[ageMs], [ageMs]]);
  assert(ageMs >= 40_000);
});

test("data points begin with the start, the running period is there, and nothing is lost between two", async (t) => {
  const { server, clock, handle } = await openServer(t);
  for (let second = 0; second < 180; second += 9) {
    await server.expectOk("PutRecord", { StreamName, PartitionKey: key, Data: "YQ==" });
    await clock.advance(9_000);
  }
  const perMinute = await valuesOf(handle, clock, [{ metric: "IncomingRecords", statistic: "Sum" }]);
  assert.deepEqual(perMinute, [[7, 7, 6]]);
  const [short = []] = await valuesOf(handle, clock, [{ metric: "IncomingRecords", statistic: "Sum", period: 5 }]);
  assert.equal(short.length, 20);
});

test("the three protocols say the same", async (t) => {
  const { server, clock, handle } = await openServer(t);
  await server.expectOk("PutRecord", { StreamName, PartitionKey: key, Data: "YWJj" });
  const minute = 60 * Math.floor(clock.nowMs() / 60_000);
  const input = {
    Namespace: "AWS/Kinesis",
    MetricName: "IncomingBytes",
    Dimensions: [{ Name: "StreamName", Value: StreamName }],
    StartTime: minute,
    EndTime: minute + 60,
    Period: 60,
    Statistics: ["Sum", "SampleCount"],
  };
  const members = { Sum: 6, SampleCount: 1, Unit: "Bytes" };
  assert.deepEqual(membersOf(await callJson(handle, "GetMetricStatistics", input)), {
    Label: "IncomingBytes",
    Datapoints: [{ Timestamp: minute, ...members }],
  });
  const cbor = await handle({
    method: "POST",
    url: "/service/GraniteServiceVersion20100801/operation/GetMetricStatistics",
    headers: { "content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor" },
    body: Buffer.from(encode(input)),
    signal,
  });
  assert.equal(cbor.headers["smithy-protocol"], "rpc-v2-cbor");
  assert.deepEqual(decode(cbor.body as Uint8Array, { tags: { 1: (seconds) => seconds() } }), {
    Label: "IncomingBytes",
    Datapoints: [{ Timestamp: minute, ...members }],
  });
  const at = (seconds: number) => new Date(seconds * 1_000).toISOString();
  const form = new URLSearchParams({
    ...{ Action: "GetMetricStatistics", Version: "2010-08-01", Namespace: "AWS/Kinesis", MetricName: "IncomingBytes" },
    ...{ "Dimensions.member.1.Name": "StreamName", "Dimensions.member.1.Value": StreamName },
    ...{ StartTime: at(minute), EndTime: at(minute + 60), Period: "60" },
    ...{ "Statistics.member.1": "Sum", "Statistics.member.2": "SampleCount" },
  });
  const xml = String((await callForm(handle, form)).body);
  const time = at(minute).replace(".000Z", "Z");
  assert(
    xml.includes(
      `<GetMetricStatisticsResult><Label>IncomingBytes</Label><Datapoints><member><Timestamp>${time}</Timestamp><Sum>6</Sum><SampleCount>1</SampleCount><Unit>Bytes</Unit></member></Datapoints></GetMetricStatisticsResult>`,
    ),
    xml,
  );
});

async function callForm(handle: RequestHandler, form: URLSearchParams): Promise<WireResponse> {
  const headers = {
    "content-type": "application/x-www-form-urlencoded; charset=utf-8",
    authorization:
      "AWS4-HMAC-SHA256 Credential=a/20260101/eu-west-1/monitoring/aws4_request, SignedHeaders=h, Signature=s",
    "x-amz-date": "20260101T000000Z",
  };
  return await handle({ method: "POST", url: "/", headers, body: Buffer.from(form.toString()), signal });
}

test("errors have the words of the service, its shape in JSON and CBOR, and its code in XML and a header", async (t) => {
  const { handle } = await openServer(t);
  const range = { StartTime: 1_000, EndTime: 2_000 };
  const named = { Namespace: "AWS/Kinesis", MetricName: "IncomingBytes", ...range };
  const cases: readonly (readonly [string, object, string, string])[] = [
    [
      "GetMetricStatistics",
      range,
      "MissingParameter",
      "The parameter Namespace is required.\nThe parameter MetricName is required.\nThe parameter Period is required.",
    ],
    [
      "GetMetricStatistics",
      { ...named, Period: 60 },
      "InvalidParameterCombination",
      "At least one of the parameters Statistics and ExtendedStatistics must be specified.",
    ],
    [
      "GetMetricStatistics",
      { ...named, Period: 1, EndTime: 9_000, Statistics: ["Sum"] },
      "InvalidParameterCombination",
      "You have requested up to 8000 datapoints, which exceeds the limit of 1440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.",
    ],
    [
      "GetMetricStatistics",
      { ...named, Period: 60, EndTime: 1_000, Statistics: ["Sum"] },
      "InvalidParameterValue",
      "The parameter StartTime must be less than the parameter EndTime.",
    ],
    [
      "GetMetricData",
      { MetricDataQueries: [], StartTime: 5, EndTime: 5 },
      "ValidationError",
      "The parameter StartTime must not equal parameter EndTime.",
    ],
    ["ListMetrics", { NextToken: "?" }, "InvalidNextToken", "The next token specified is invalid."],
    ["PutMetricData", { Namespace: "n" }, "MissingParameter", "The parameter MetricData is required."],
    [
      "PutMetricData",
      { Namespace: "n", MetricData: [{ MetricName: "m" }] },
      "InvalidParameterCombination",
      "At least one of the parameters MetricData.member.1.Value and MetricData.member.1.StatisticValues must be specified.",
    ],
  ];
  for (const [operation, input, code, message] of cases) {
    const response = await callJson(handle, operation, input);
    assert.equal(response.status, 400);
    assert.equal(response.headers["x-amzn-query-error"], `${code};Sender`);
    const error = JSON.parse(String(response.body)) as { readonly message: string };
    assert.equal(error.message, message);
  }
  const form = new URLSearchParams({ Action: "PutMetricData", Namespace: "n", MetricData: "" });
  const xml = await callForm(handle, form);
  assert.equal(xml.status, 400);
  assert(
    String(xml.body).includes(
      "<Error><Type>Sender</Type><Code>MissingParameter</Code><Message>The parameter MetricData",
    ),
  );
  assert.match(
    String((await callForm(handle, new URLSearchParams({ Action: "DescribeAlarms" }))).body),
    /InvalidAction/,
  );
});

test("PutMetricData is checked, also when it is compressed, and no metric of it is listed", async (t) => {
  const { handle } = await openServer(t);
  const body = JSON.stringify({ Namespace: "app", MetricData: [{ MetricName: "m", Value: 1 }] });
  const headers = {
    "content-type": "application/x-amz-json-1.0",
    "x-amz-target": "GraniteServiceVersion20100801.PutMetricData",
    "content-encoding": "gzip",
  };
  const compressed = { method: "POST", url: "/", headers, body: gzipSync(body), signal };
  assert.equal((await handle(compressed)).status, 200);
  assert.equal((await handle({ ...compressed, body: gzipSync(Buffer.alloc(2_000_000)) })).status, 400);
  assert.deepEqual(membersOf(await callJson(handle, "ListMetrics", { Namespace: "app" })), { Metrics: [] });
});

test("pages of data points and of metrics continue where they ended", async (t) => {
  const { server, clock, handle } = await openServer(t);
  for (let minute = 0; minute < 5; minute++) {
    await server.expectOk("PutRecord", { StreamName, PartitionKey: key, Data: "YQ==" });
    await clock.advance(60_000);
  }
  const Dimensions = [{ Name: "StreamName", Value: StreamName }];
  const metric = (Id: string, MetricName: string) => ({
    Id,
    MetricStat: { Metric: { Namespace: "AWS/Kinesis", MetricName, Dimensions }, Period: 60, Stat: "Sum" },
  });
  const input = {
    MetricDataQueries: [metric("a", "IncomingRecords"), metric("b", "IncomingBytes")],
    StartTime: clock.nowMs() / 1_000 - 600,
    EndTime: clock.nowMs() / 1_000 + 60,
    MaxDatapoints: 4,
  };
  const values: Record<string, number[]> = { a: [], b: [] };
  const codes: string[] = [];
  for (let NextToken: string | undefined = ""; NextToken !== undefined; ) {
    const page: {
      readonly NextToken?: string;
      readonly MetricDataResults: readonly { Id: string; Values: number[]; StatusCode: string }[];
    } = membersOf(await callJson(handle, "GetMetricData", { ...input, ...(NextToken === "" ? {} : { NextToken }) }));
    for (const { Id, Values, StatusCode } of page.MetricDataResults) {
      values[Id]?.push(...Values);
      codes.push(StatusCode);
    }
    ({ NextToken } = page);
  }
  assert.deepEqual(values, { a: [1, 1, 1, 1, 1], b: [4, 4, 4, 4, 4] });
  assert.deepEqual(codes.at(-1), "Complete");
  assert(codes.includes("PartialData"));
  const { Metrics } = membersOf<{ readonly Metrics: readonly { readonly MetricName: string }[] }>(
    await callJson(handle, "ListMetrics", { Dimensions }),
  );
  assert.deepEqual(
    Metrics.map(({ MetricName }) => MetricName),
    [
      "IncomingBytes",
      "IncomingRecords",
      "PutRecord.Bytes",
      "PutRecord.Latency",
      "PutRecord.Success",
      "WriteProvisionedThroughputExceeded",
    ],
  );
});

/** Fear: the log lines of calls of CloudWatch are not found by the trace of their client, as those of Kinesis are. */
test("events of calls have the trace of their client", async (t) => {
  const { handle } = await openServer(t);
  const finished: unknown[] = [];
  const failed: RequestFailed[] = [];
  t.after(requestFinished.subscribe(({ operation, traceparent }) => finished.push([operation, traceparent])));
  t.after(requestFailed.subscribe((failure) => failed.push(failure)));
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const headers = {
    "content-type": "application/x-amz-json-1.0",
    "x-amz-target": "GraniteServiceVersion20100801.ListMetrics",
    traceparent,
  };
  const request = { method: "POST", url: "/", headers, body: Buffer.from("{}"), signal };
  assert.equal((await handle(request)).status, 200);
  const failing = monitoringHandler({
    reader: { points: () => assert.fail("points"), sources: () => assert.fail("sources") },
    callerDefaults: { account, region, allowAnonymous: true },
    clock: new SimulatedClock(),
  });
  assert.equal((await failing(request)).status, 500);
  assert.deepEqual(finished, Array(2).fill(["ListMetrics", traceparent]));
  assert.deepEqual(
    failed.map(({ operation, traceparent: trace }) => [operation, trace]),
    [["ListMetrics", traceparent]],
  );
});

const secretAccessKey = "secret";
function credential(accessKeyId: string, ownerAccount: string, statement?: object): Credential {
  const policies =
    statement === undefined
      ? undefined
      : [parsePolicy({ Version: "2012-10-17", Statement: [statement] }, "identity").policy];
  return {
    accessKeyId,
    secretAccessKey,
    account: ownerAccount,
    user: "u",
    ...(policies === undefined ? {} : { policies }),
  };
}

function signed(accessKeyId: string, operation: string, input: object, service?: "kinesis"): SignedRequest {
  return signRequest({ accessKeyId, secretAccessKey } as Credential, JSON.stringify(input), {
    service: service ?? "monitoring",
    region,
    target: `GraniteServiceVersion20100801.${operation}`,
    headers: { "content-type": "application/x-amz-json-1.0" },
  });
}

/** Fear: the second service on the port is a way around signatures and policies. */
test("calls are verified for the service `monitoring`, judged by policies, and see their own account", async (t) => {
  const credentials = [
    credential("AKIDROOT", account),
    credential("AKIDOTHER", "999999999999"),
    credential("AKIDREADER", account, { Effect: "Allow", Action: "cloudwatch:ListMetrics", Resource: "*" }),
    credential("AKIDKINESIS", account, { Effect: "Allow", Action: "kinesis:*", Resource: "*" }),
  ];
  const { server, handle, admit } = await openServer(t, credentials);
  await server.expectOk("PutRecord", { StreamName, PartitionKey: key, Data: "YQ==" });
  const call = async (request: SignedRequest) => {
    const { status, headers, body } = await handle({ ...request, body: Buffer.from(request.body), signal });
    return { status, code: headers["x-amzn-query-error"], text: String(body) };
  };
  const list = (id: string) => call(signed(id, "ListMetrics", {}));
  assert.match((await list("AKIDROOT")).text, /IncomingBytes/);
  assert.equal((await list("AKIDOTHER")).text, '{"Metrics":[]}');
  assert.match((await list("AKIDREADER")).text, /IncomingBytes/);
  const denied = await call(signed("AKIDREADER", "PutMetricData", { Namespace: "n" }));
  assert.deepEqual([denied.status, denied.code], [403, "AccessDenied;Sender"]);
  assert.match(
    denied.text,
    /User: arn:aws:iam::123456789012:user\/u is not authorized to perform: cloudwatch:PutMetricData because no identity-based policy allows the cloudwatch:PutMetricData action/,
  );
  assert.equal((await list("AKIDKINESIS")).code, "AccessDenied;Sender");
  assert.equal((await list("AKIDNONE")).code, "InvalidClientTokenId;Sender");
  const forKinesis = signed("AKIDROOT", "ListMetrics", {}, "kinesis");
  assert.equal((await call(forKinesis)).code, "SignatureDoesNotMatch;Sender");
  const forged = signed("AKIDROOT", "ListMetrics", {});
  assert.equal((await call({ ...forged, body: Buffer.from('{"a":1}') })).code, "SignatureDoesNotMatch;Sender");
  const { authorization: _, ...unsigned } = forged.headers;
  assert.equal((await call({ ...forged, headers: unsigned })).code, "MissingAuthenticationToken;Sender");
  const outcomes: unknown[] = [];
  t.after(requestFinished.subscribe(({ operation, outcome }) => outcomes.push([operation, outcome])));
  assert("response" in admit({ ...forged, headers: unsigned }), "nothing of the body is read");
  assert.deepEqual(outcomes, [["-", "MissingAuthenticationTokenException"]], "a refusal by the head is counted");
  assert("bytesMax" in admit(forged));
});
