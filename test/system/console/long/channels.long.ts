/** Channels in the page: one that delivers, one that failed, one whose bucket refuses for a while. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Page } from "playwright-core";
import { BucketStandIn, clickSchemaArn } from "../../../support/bucket-stand-in.ts";
import { CatalogStandIn } from "../../../support/catalog-stand-in.ts";
import { accessibilityFaults, TestBrowser } from "../../../support/chromium.ts";
import { activeOnDemandArn, call } from "../../../support/kinesis-call.ts";
import { ServerProcess } from "../../../support/start-server.ts";
import { keepPicture } from "./keep-picture.ts";

const browser = new TestBrowser();
const owner = "000000000000";
const lake = { BucketARN: "arn:aws:s3:::lake", ExpectedBucketOwner: owner };

interface Store {
  readonly placesPath: string;
  readonly refusing: Set<string>;
}

/** A store whose bucket `gone` refuses everything, and a catalog, with the file of places that names both. */
async function startStore(t: TestContext): Promise<Store> {
  const store = await BucketStandIn.start();
  const catalog = await CatalogStandIn.start();
  const folder = mkdtempSync(join(tmpdir(), "millrace-console-"));
  t.after(async () => {
    await store[Symbol.asyncDispose]();
    await catalog[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  store.refusing.add("gone");
  const placesPath = join(folder, "places.json");
  await store.writePlaces(placesPath, catalog);
  return { placesPath, refusing: store.refusing };
}

async function putClicks(endpoint: string, count: number): Promise<void> {
  const Records = Array.from({ length: count }, (_, i) => {
    return { PartitionKey: `${i}`, Data: Buffer.from(`{"click":${i}}`).toString("base64") };
  });
  await call(endpoint, "PutRecords", { StreamName: "clicks", Records });
}

/** At both widths: axe finds nothing, nothing is wider than the window, and the picture is kept. */
async function lookAt(page: Page, name: string): Promise<void> {
  const desk = page.viewportSize();
  for (const [suffix, size] of [
    ["", desk],
    ["-phone", { width: 390, height: 844 }],
  ] as const) {
    if (size === null) throw new Error("a test page has a size");
    await page.setViewportSize(size);
    assert.deepEqual(await accessibilityFaults(page), []);
    assert.equal(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), true);
    await keepPicture(page, `${name}${suffix}`);
  }
  if (desk !== null) await page.setViewportSize(desk);
}

test("a person makes a channel, sees what it delivers and why it does not, changes and deletes it", async (t) => {
  const opened = await browser.open(t);
  if (opened === undefined) return;
  const { page, faults } = opened;
  const { placesPath, refusing } = await startStore(t);
  await using server = await ServerProcess.start({ args: ["--channels", placesPath] });
  const { endpoint } = server;
  await activeOnDemandArn(endpoint, "clicks");
  const row = (name: string) => page.locator("a.channel-row", { hasText: name });
  const create = async (name: string, bucket: string): Promise<void> => {
    await page.getByRole("button", { name: "Create a channel" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox", { name: "Name", exact: true }).fill(name);
    await dialog.getByRole("textbox", { name: "Bucket" }).fill(bucket);
    await dialog.getByLabel("Freshness, in seconds").fill("1");
    assert.deepEqual(await accessibilityFaults(page), []);
    if (bucket === "lake") await keepPicture(page, "create-channel");
    await dialog.getByRole("button", { name: "Create", exact: true }).click();
    await row(name).waitFor();
  };
  await page.goto(`${endpoint}/console/#/channels`);
  await page.getByRole("heading", { name: "No channels yet" }).waitFor();
  await create("clicks-to-lake", "lake");
  await create("clicks-to-nowhere", "gone");
  await create("clicks-to-shed", "shed");
  await row("clicks-to-nowhere").getByText("refuses what the server asks of it").waitFor();
  const card = (title: string) => page.locator(".card", { hasText: title }).locator("b");
  await row("clicks-to-lake").click();
  await card("Oldest record that waits").getByText("all delivered").waitFor();
  refusing.add("shed");
  await putClicks(endpoint, 40);
  await card("Delivered since").getByText("40", { exact: true }).waitFor();
  await page.getByRole("link", { name: "Channels" }).click();
  await row("clicks-to-shed").getByText("delivers nothing").waitFor();
  await lookAt(page, "channels");
  await row("clicks-to-shed").click();
  await page.getByRole("alert").getByText("Has delivered nothing since").waitFor();
  await lookAt(page, "channel");
  refusing.delete("shed");
  await page.getByRole("alert").waitFor({ state: "detached", timeout: 60_000 });
  await card("Delivered since").getByText("40", { exact: true }).waitFor();
  await changeAndDelete(page);
  await row("clicks-to-lake").waitFor();
  await row("clicks-to-shed").waitFor({ state: "detached" });
  assert.deepEqual(faults, []);
});

/** On the page of the channel `clicks-to-shed`. */
async function changeAndDelete(page: Page): Promise<void> {
  await page.getByLabel("Seconds").fill("60");
  await page.getByRole("button", { name: "Change" }).click();
  await page.getByText("has waited for 60 s").waitFor();
  await page.locator(".stream-head .tag").waitFor({ state: "detached" });
  await page.getByLabel("CloudWatch Logs").click();
  await page.getByRole("checkbox", { name: "CloudWatch Logs", checked: true }).waitFor();
  await page.getByLabel("Tag", { exact: true }).fill("team");
  await page.getByLabel("Value").fill("shop");
  await page.getByRole("button", { name: "Add" }).click();
  await page.getByRole("rowheader", { name: "team" }).waitFor();
  await page.getByRole("button", { name: "Delete this channel…" }).click();
  await page.getByLabel("Type the name of the channel").fill("clicks-to-shed");
  await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("heading", { name: "Channels" }).waitFor();
}

test("a channel of a server without --channels says that it delivers nothing, and why", async (t) => {
  const opened = await browser.open(t);
  if (opened === undefined) return;
  const { page, faults } = opened;
  const { placesPath } = await startStore(t);
  const dataDir = mkdtempSync(join(tmpdir(), "millrace-console-"));
  t.after(() => rmSync(dataDir, { recursive: true, force: true }));
  {
    await using server = await ServerProcess.start({ dataDir, args: ["--channels", placesPath] });
    const StreamARN = await activeOnDemandArn(server.endpoint, "clicks");
    const StorageConfiguration = { ...lake, CompressionType: "GZIP" };
    await createChannel(server.endpoint, { StreamARN }, { S3DestinationConfiguration: { StorageConfiguration } });
  }
  await using server = await ServerProcess.start({ dataDir });
  await page.goto(`${server.endpoint}/console/#/channels`);
  await page.locator("a.channel-row", { hasText: "delivers nothing" }).click();
  await page.getByRole("alert").getByText("was started without --channels").waitFor();
  assert.deepEqual(faults, []);
});

test("a channel into a table shows the table and what it delivers, and takes another freshness", async (t) => {
  const opened = await browser.open(t);
  if (opened === undefined) return;
  const { page, faults } = opened;
  const { placesPath } = await startStore(t);
  await using server = await ServerProcess.start({ args: ["--channels", placesPath] });
  const { endpoint } = server;
  const table = { Namespace: "web", TableName: "clicks", CompressionType: "ZSTD" };
  const TableBucketARN = "arn:aws:s3tables:us-east-1:000000000000:bucket/analytics";
  await createChannel(
    endpoint,
    { StreamARN: await activeOnDemandArn(endpoint, "clicks"), GSRSchemaARN: clickSchemaArn },
    {
      S3TablesDestinationConfiguration: {
        DataFreshnessInSeconds: 1,
        DeadLetterQueueS3Configuration: lake,
        S3TablesConfigurationList: [{ ...table, TableBucketARN }],
      },
    },
  );
  const Data = Buffer.from('{"at": "2026-12-01T00:00:00Z"}').toString("base64");
  await call(endpoint, "PutRecord", { StreamName: "clicks", PartitionKey: "a", Data });
  await page.goto(`${endpoint}/console/#/channels`);
  await page.locator("a.channel-row", { hasText: "clicks-to-lake" }).click();
  await page.getByText("into the table web.clicks").waitFor();
  await page.getByText(TableBucketARN).waitFor();
  await page.locator(".card", { hasText: "Delivered since" }).locator("b").getByText("1", { exact: true }).waitFor();
  await page.getByLabel("Seconds").fill("60");
  await page.getByRole("button", { name: "Change" }).click();
  await page.getByText("A snapshot is written when its oldest record has waited for 60 s").waitFor();
  assert.deepEqual(await accessibilityFaults(page), []);
  assert.deepEqual(faults, []);
});

async function createChannel(
  endpoint: string,
  { StreamARN, ...schema }: { readonly StreamARN: string; readonly GSRSchemaARN?: string },
  destination: object,
): Promise<void> {
  const { ChannelDescription } = await call<{ ChannelDescription: { ChannelARN: string } }>(endpoint, "CreateChannel", {
    ChannelName: "clicks-to-lake",
    ServiceExecutionRoleARN: `arn:aws:iam::${owner}:role/delivery`,
    StreamConfigurationList: [{ StreamARN, RecordConfiguration: { RecordFormatType: "JSON", ...schema } }],
    ...destination,
  });
  const { ChannelARN } = ChannelDescription;
  const isActive = async (): Promise<boolean> => {
    const output = await call<{ ChannelDescription: { ChannelStatus: string } }>(endpoint, "DescribeChannel", {
      ChannelARN,
    });
    return output.ChannelDescription.ChannelStatus === "ACTIVE";
  };
  while (!(await isActive())) await pause(20);
}
