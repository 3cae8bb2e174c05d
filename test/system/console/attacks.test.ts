import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { TestBrowser } from "../../support/chromium.ts";
import { startConsole } from "./console-server.ts";

const browser = new TestBrowser(["--host-resolver-rules=MAP evil.example 127.0.0.1"]);

/** A web page of another program on this machine. */
async function startOtherSite(t: TestContext, html = "<!doctype html><title>other</title>"): Promise<string> {
  const site = createServer((_request, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end(html);
  });
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  t.after(() => site.close());
  return `http://127.0.0.1:${(site.address() as AddressInfo).port}/`;
}

test("a page on another loopback port can neither read from the console nor act through it", async (t) => {
  const opened = await browser.open(t);
  if (opened === undefined) return;
  await using server = await startConsole({ dev: true });
  const { page } = opened;
  await page.goto(await startOtherSite(t));
  const outcomes = await page.evaluate(async (endpoint) => {
    const target = { "content-type": "application/x-amz-json-1.1", "x-amz-target": "Kinesis_20131202.DeleteStream" };
    const body = '{"StreamName": "orders"}';
    const move = '{"advanceMs": 60000}';
    const calls: readonly (readonly [string, RequestInit])[] = [
      ["console/", {}],
      ["console/api/server", {}],
      ["console/api/queues", {}],
      ["console/api/news?stream=orders", {}],
      ["console/kinesis", { method: "POST", headers: target, body }],
      ["console/kinesis", { method: "POST", mode: "no-cors", body }],
      ["dev/clock", { method: "POST", mode: "no-cors", body: move }],
      ["dev/clock", { method: "POST", body: move }],
    ];
    const read: string[] = [];
    for (const [path, init] of calls) {
      const found = await fetch(`${endpoint}/${path}`, init).then(
        async (response) => `${response.status} ${await response.text()}`,
        () => "nothing",
      );
      read.push(found);
    }
    return read;
  }, server.endpoint);
  // A request without CORS is opaque: its status is 0 and its body empty.
  assert.deepEqual(outcomes, ["nothing", "nothing", "nothing", "nothing", "nothing", "0 ", "0 ", "nothing"]);
  const { StreamNames } = await server.kinesis<{ StreamNames: readonly string[] }>("ListStreams", {});
  assert.deepEqual(StreamNames, ["orders"]);
  const clock = (await (await fetch(`${server.endpoint}/dev/clock`)).json()) as { readonly nowMs: number };
  assert(Math.abs(clock.nowMs - Date.now()) < 30_000, "the clock was not moved");
});

test("a form of another site that posts to the endpoints of --dev moves no clock", async (t) => {
  const opened = await browser.open(t);
  if (opened === undefined) return;
  await using server = await startConsole({ dev: true });
  const form = `<form id="f" method="post" enctype="text/plain" action="${server.endpoint}/dev/clock"><input name='{"advanceMs":60000,"x":"' value='"}'></form>`;
  const { page } = opened;
  await page.goto(await startOtherSite(t, form));
  const [response] = await Promise.all([
    page.waitForResponse((found) => found.url().includes("/dev/clock")),
    page.evaluate("document.getElementById('f').submit()"),
  ]);
  assert.equal(response.status(), 403);
});

test("a name that was rebound to this machine gets neither the page nor the API behind it", async (t) => {
  const opened = await browser.open(t);
  if (opened === undefined) return;
  await using server = await startConsole();
  const { port } = new URL(server.endpoint);
  const { page } = opened;
  assert.equal((await page.goto(`http://evil.example:${port}/console/`))?.status(), 403);
  // For the browser these requests are of the page's own origin.
  const statuses = await page.evaluate(async () => {
    const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": "Kinesis_20131202.DeleteStream" };
    const calls = [
      fetch("/console/kinesis", { method: "POST", headers, body: '{"StreamName": "orders"}' }),
      fetch("/console/api/server"),
      fetch("/", { method: "POST", headers, body: '{"StreamName": "orders"}' }),
    ];
    return (await Promise.all(calls)).map(({ status }) => status);
  });
  assert.deepEqual(statuses, [403, 403, 403]);
  assert.equal((await server.kinesis<{ StreamNames: readonly string[] }>("ListStreams", {})).StreamNames.length, 1);
});

test("the console cannot be put into a frame", async (t) => {
  const opened = await browser.open(t);
  if (opened === undefined) return;
  await using server = await startConsole();
  const { page } = opened;
  const site = await startOtherSite(t, `<iframe src="${server.at()}" width="900" height="600"></iframe>`);
  const [framed] = await Promise.all([page.waitForResponse((found) => found.url() === server.at()), page.goto(site)]);
  assert.equal(framed.status(), 403);
  // A browser that does not say where it shows a page is told by the page itself.
  const { headers } = await fetch(server.at());
  assert.match(headers.get("content-security-policy") ?? "", /frame-ancestors 'none'/);
});

const markup = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';

test("markup in records, keys, tags, names and addresses is shown as text wherever it appears", async (t) => {
  const opened = await browser.open(t);
  if (opened === undefined) return;
  await using server = await startConsole();
  const StreamName = "orders";
  const logEvents = [{ id: "1", timestamp: 1, message: markup }];
  const logs = JSON.stringify({ messageType: markup, logGroup: markup, logStream: markup, logEvents });
  await server.put(StreamName, "logs", gzipSync(logs));
  await server.put(StreamName, "json", JSON.stringify({ [markup]: [markup] }));
  const { ShardId, SequenceNumber } = await server.put(StreamName, markup, markup);
  // Tags allow fewer characters; these are the worst of them.
  const tag = "javascript=alert @ onerror=1";
  await server.kinesis("AddTagsToStream", { StreamName, Tags: { [tag]: tag } });
  const { page, faults } = opened;
  const places = [
    "#/stream/orders/records",
    `#/stream/orders/records?shard=${ShardId}&seq=${SequenceNumber}`,
    `#/stream/orders/records?start=oldest&filter=${encodeURIComponent(markup)}`,
    "#/stream/orders/shards",
    "#/stream/orders/settings",
    `#/stream/${encodeURIComponent(markup)}/records`,
    `#/stream/orders/records?shard=${encodeURIComponent(markup)}&seq=1`,
  ];
  for (const place of places) {
    await page.goto(server.at(place));
    await page.locator(".stream-head").waitFor();
    for (const row of await page.locator(".record-row").all()) {
      await row.click();
      await page.getByRole("complementary", { name: "Record" }).waitFor();
      for (const form of ["Text", "Hex", "Base64", "Decoded"]) await page.getByRole("button", { name: form }).click();
    }
  }
  await page.goto(server.at("#/stream/orders/settings"));
  await page.getByRole("rowheader", { name: tag }).waitFor();
  await assertUnharmed(page, faults);
});

/** What no client can store: names and tags that a server would have to make up. */
const hostileQueue = {
  ...{ QueueName: markup, QueueARN: `arn/${markup}`, QueueStatus: markup, QueueCreationTimestamp: 1 },
  Streams: [{ StreamARN: `stream/${markup}` }],
  StreamConfigurationList: [{ StreamARN: `stream/${markup}`, StartingPosition: { Type: markup } }],
  QueueAttributes: { VisibilityTimeoutSeconds: 30, DeadLetterConfiguration: { TargetType: markup } },
};
const hostileRecord = {
  ...{ ReceiptHandle: markup, RecordId: markup, PartitionKey: markup, Data: Buffer.from(markup).toString("base64") },
  ...{ ApproximateArrivalTimestamp: 1, FirstReceiveTimestamp: 1, ReceiveCount: 7 },
};
const hostileChannel = {
  ...{ ChannelName: markup, ChannelARN: `arn:aws:kinesis:::channel/${markup}`, ChannelId: markup },
  ...{ ChannelStatus: "FAILED", ChannelStatusReason: markup, ChannelCreationTimestamp: 1 },
  ...{ Streams: [{ StreamARN: `stream/${markup}` }], ServiceExecutionRoleARN: markup },
  StreamConfigurationList: [{ StreamARN: `stream/${markup}`, RecordConfiguration: { RecordFormatType: markup } }],
  S3DestinationConfiguration: {
    DataFreshnessInSeconds: 60,
    DeadLetterQueueS3Configuration: { BucketARN: markup, ErrorOutputPrefix: markup },
    StorageConfiguration: { BucketARN: markup, OutputKeyTemplate: markup, CompressionType: markup },
  },
  LoggingConfiguration: { CloudWatchLogs: { Enabled: false } },
};
const hostileConsumer = {
  ConsumerName: markup,
  ConsumerARN: markup,
  ConsumerStatus: markup,
  ConsumerCreationTimestamp: 1,
};
const hostileAnswers: Readonly<Record<string, string>> = {
  ListTagsForResource: JSON.stringify({ Tags: [{ Key: markup, Value: markup }] }),
  ListStreamConsumers: JSON.stringify({ Consumers: [hostileConsumer] }),
  ListChannels: JSON.stringify({ ChannelSummaries: [hostileChannel] }),
  DescribeChannel: JSON.stringify({ ChannelDescription: hostileChannel }),
  GetResourcePolicy: JSON.stringify({ Policy: markup }),
  ListQueues: JSON.stringify({ QueueSummaries: [hostileQueue] }),
  DescribeQueue: JSON.stringify({ QueueDescription: hostileQueue }),
  ReceiveDeadLetterQueueRecords: JSON.stringify({ QueueRecords: [hostileRecord] }),
  RestoreDeadLetterQueueRecords: JSON.stringify({
    Successful: [],
    Failed: [{ ReceiptHandle: markup, ErrorCode: markup, ErrorMessage: markup }],
  }),
};

function hostileNames(text: string): string {
  return text.replaceAll(/"(StreamName|StreamARN|KeyId)":"[^"]*"/g, `"$1":${JSON.stringify(markup)}`);
}

test("a server that were to return markup as names, tags and reasons would do no harm to the page", async (t) => {
  const opened = await browser.open(t);
  if (opened === undefined) return;
  await using server = await startConsole();
  const { page, faults } = opened;
  await page.route("**/console/kinesis", async (route) => {
    const target = route.request().headers()["x-amz-target"] ?? "";
    const response = await route.fetch();
    const answer = hostileAnswers[target.replace(/^.*\./, "")];
    if (answer === undefined) await route.fulfill({ response, body: hostileNames(await response.text()) });
    else await route.fulfill({ status: 200, contentType: "application/x-amz-json-1.1", body: answer });
  });
  await page.route("**/console/api/streams*", async (route) => {
    const response = await route.fetch();
    const text = (await response.text()).replaceAll('"name":"orders"', `"name":${JSON.stringify(markup)}`);
    await route.fulfill({ response, body: text });
  });
  await page.goto(server.at("#/streams"));
  await page.locator("a.stream-row", { hasText: markup }).waitFor();
  await page.goto(server.at("#/stream/orders/settings"));
  await page.getByRole("rowheader", { name: markup }).first().waitFor();
  await page.getByRole("button", { name: markup, exact: true }).click();
  await page.getByRole("dialog").getByRole("rowheader", { name: markup }).waitFor();
  await page.goto(server.at("#/channels"));
  await page.locator("a.channel-row", { hasText: markup }).click();
  await page.getByRole("alert").getByText(markup).waitFor();
  await page.goto(server.at("#/queues"));
  await page.locator("a.queue-row", { hasText: markup }).click();
  await page.getByRole("heading", { name: markup }).waitFor();
  await page.getByRole("link", { name: "Dead letters" }).click();
  await page.getByRole("button", { name: "Look at dead letters" }).click();
  const letter = page.getByRole("listitem").filter({ hasText: markup });
  await letter.locator(".delivery-data").click();
  await letter.getByRole("button", { name: "Restore" }).click();
  await letter.locator(".fault", { hasText: markup }).waitFor();
  await assertUnharmed(page, faults);
  // The page asks the server again and again, so a handler may be waiting for an answer now.
  await page.unrouteAll({ behavior: "ignoreErrors" });
});

/** No markup became an element, no script ran, and the browser's guards had nothing to refuse. */
async function assertUnharmed(page: Page, faults: readonly string[]): Promise<void> {
  assert.equal(await page.evaluate("window.hacked"), undefined);
  assert.equal(await page.locator("img:not([src='icon.svg']), iframe, object").count(), 0);
  const refused = faults.filter((text) => !text.includes("the server responded with a status of 40"));
  assert.deepEqual(refused, []);
}
