/** Channels in the page: one that delivers, one that cannot. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { accessibilityFaults, TestBrowser } from "../../../support/chromium.ts";
import { activeStreamArn, call } from "../../../support/kinesis-call.ts";
import { ServerProcess } from "../../../support/start-server.ts";
import { keepPicture } from "./keep-picture.ts";

const browser = new TestBrowser();
const owner = "000000000000";

/** A file of places whose bucket `lake` takes everything, and whose bucket `gone` refuses everything. */
async function placesFile(t: TestContext): Promise<string> {
  const store = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      response.statusCode = request.url?.startsWith("/gone") ? 403 : 200;
      response.setHeader("ETag", '"0"');
      response.end();
    });
  });
  await new Promise<void>((resolve) => store.listen(0, "127.0.0.1", resolve));
  const folder = mkdtempSync(join(tmpdir(), "millrace-console-"));
  t.after(() => {
    store.close();
    store.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  });
  const endpoint = `http://127.0.0.1:${(store.address() as AddressInfo).port}`;
  const path = join(folder, "places.json");
  const credentials = { accessKeyId: "key", secretAccessKey: "secret" };
  writeFileSync(path, JSON.stringify({ buckets: { "*": { endpoint, credentials } } }), { mode: 0o600 });
  return path;
}

function createChannel(endpoint: string, ChannelName: string, StreamARN: string, bucket: string): Promise<unknown> {
  const S3DestinationConfiguration = {
    DataFreshnessInSeconds: 1,
    StorageConfiguration: {
      BucketARN: `arn:aws:s3:::${bucket}`,
      ExpectedBucketOwner: owner,
      CompressionType: "GZIP",
    },
  };
  return call(endpoint, "CreateChannel", {
    ChannelName,
    ServiceExecutionRoleARN: `arn:aws:iam::${owner}:role/delivery`,
    StreamConfigurationList: [{ StreamARN, RecordConfiguration: { RecordFormatType: "JSON" } }],
    S3DestinationConfiguration,
  });
}

test("channels are listed with their state, what they delivered and how far they are behind", async (t) => {
  const opened = await browser.open(t);
  if (opened === undefined) return;
  const { page, faults } = opened;
  await using server = await ServerProcess.start({ args: ["--channels", await placesFile(t)] });
  const { endpoint } = server;
  await call(endpoint, "CreateStream", { StreamName: "clicks", StreamModeDetails: { StreamMode: "ON_DEMAND" } });
  const StreamARN = await activeStreamArn(endpoint, "clicks");
  await createChannel(endpoint, "clicks-to-lake", StreamARN, "lake");
  await createChannel(endpoint, "clicks-to-nowhere", StreamARN, "gone");
  await page.goto(`${endpoint}/console/#/channels`);
  const row = (name: string) => page.getByRole("row").filter({ hasText: name });
  await row("clicks-to-lake").getByText("active").waitFor();
  await row("clicks-to-nowhere").getByText("failed").waitFor();
  const Records = Array.from({ length: 40 }, (_, i) => {
    return { PartitionKey: `${i}`, Data: Buffer.from(`{"click":${i}}`).toString("base64") };
  });
  await call(endpoint, "PutRecords", { StreamName: "clicks", Records });
  await row("clicks-to-lake").getByText("40", { exact: true }).waitFor();
  await row("clicks-to-lake").getByText("all delivered").waitFor();
  assert.deepEqual(await accessibilityFaults(page), []);
  await keepPicture(page, "channels");
  await page.setViewportSize({ width: 390, height: 844 });
  assert.equal(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), true);
  assert.deepEqual(await accessibilityFaults(page), []);
  await page.getByRole("button", { name: "clicks-to-lake" }).click();
  await page.getByRole("dialog").getByText('"arn:aws:s3:::lake"').first().waitFor();
  await keepPicture(page, "channel-phone");
  assert.deepEqual(faults, []);
});
