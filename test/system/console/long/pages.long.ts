/**
 * Every page of the console with real traffic, at the width of a desk and of a phone, in light and dark: axe finds nothing,
 * nothing is wider than the window, and the browser has nothing to refuse. Keeps the pictures with MILLRACE_WRITE_PICTURES=1.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Page } from "playwright-core";
import { accessibilityFaults, TestBrowser } from "../../../support/chromium.ts";
import { activeConsumerArn, activeStreamArn, hashKeyMiddle } from "../../../support/kinesis-call.ts";
import { ShardReader } from "../../../support/shard-reader.ts";
import { type ConsoleServer, startConsole } from "../console-server.ts";
import { putDemoRecords, readSlowly } from "./demo-traffic.ts";
import { keepPicture } from "./keep-picture.ts";

const browser = new TestBrowser();

interface Place {
  readonly name: string;
  readonly hash: string;
  /** Suffixes of the looks that docs/console/ has beside the light one. */
  readonly alsoKept?: readonly Look["suffix"][];
  /** Brings the page into the state that is looked at. */
  readonly act?: (page: Page) => Promise<void>;
}

const places: readonly Place[] = [
  { name: "streams", hash: "#/streams", alsoKept: ["-phone"] },
  {
    name: "records",
    hash: "#/stream/orders/records",
    alsoKept: ["-dark", "-phone"],
    async act(page) {
      await page.locator(".record-row", { hasText: "order" }).nth(2).click();
      await page.getByRole("complementary", { name: "Record" }).waitFor();
    },
  },
  {
    name: "filter",
    hash: "#/stream/orders/records?start=oldest&filter=total+%3E+150&by=path",
    async act(page) {
      await page.getByText(/matches in/).waitFor();
    },
  },
  {
    name: "shards",
    hash: "#/stream/orders/shards",
    alsoKept: ["-dark", "-phone"],
    async act(page) {
      await page.getByLabel("Which shard takes this key?").fill("customer-7");
      await page.locator("output b").waitFor();
    },
  },
  {
    name: "split",
    hash: "#/stream/orders/shards",
    alsoKept: ["-dark"],
    async act(page) {
      await page.locator(".shard-row:not(.closed)").nth(1).click();
      await page.getByRole("button", { name: "Split…" }).click();
      await page.getByText("child 2").waitFor();
    },
  },
  { name: "put", hash: "#/stream/orders/put", alsoKept: ["-dark"] },
  { name: "plots", hash: "#/stream/orders/plots", alsoKept: ["-dark", "-phone"] },
  { name: "settings", hash: "#/stream/orders/settings", alsoKept: ["-phone"] },
  {
    name: "encryption",
    hash: "#/stream/orders/settings",
    async act(page) {
      await page.getByRole("button", { name: "Start encryption…" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  { name: "server", hash: "#/server" },
  { name: "queues", hash: "#/queues" },
  {
    name: "create-queue",
    hash: "#/queues",
    async act(page) {
      await page.getByRole("button", { name: "Create a queue" }).click();
      await page.getByLabel("Visibility timeout").waitFor();
    },
  },
  {
    name: "queue",
    hash: "#/queues",
    alsoKept: ["-dark", "-phone"],
    async act(page) {
      await page.getByRole("link", { name: "packing" }).click();
      await page.getByRole("button", { name: "Receive records" }).click();
      await page.locator(".delivery-data").first().click();
      await page.getByRole("button", { name: "Acknowledge", exact: true }).nth(1).click();
      await page.getByText("acknowledged", { exact: true }).waitFor();
    },
  },
  {
    name: "dead-letters",
    hash: "#/queues",
    alsoKept: ["-phone"],
    async act(page) {
      await page.getByRole("link", { name: "packing" }).click();
      await page.getByRole("link", { name: "Dead letters" }).click();
      await page.getByRole("button", { name: "Look at dead letters" }).click();
      await page.locator(".delivery-data").first().waitFor();
      await page.getByRole("button", { name: "Restore", exact: true }).nth(1).click();
      await page.getByText("restored").waitFor();
    },
  },
  { name: "nothing-here", hash: "#/stream/empty/records?start=live" },
];

/** The stream `orders` with two splits and a merge behind it, consumers, tags, and records that arrive. */
async function startBusy(signal: AbortSignal): Promise<ConsoleServer> {
  const server = await startConsole({ stream: ["orders:2", "clicks:1", "empty:1"] });
  const { kinesis } = server;
  const StreamName = "orders";
  const quarter = "85070591730234615865843651857942052864";
  await putDemoRecords(server, StreamName, 400);
  const { endpoint } = server;
  /** Splits of one second would be drawn as one step. */
  const untilNextSecond = async (): Promise<void> => {
    await activeStreamArn(endpoint, StreamName);
    await pause(1_100);
  };
  const shard = (index: number): string => `shardId-${String(index).padStart(12, "0")}`;
  await kinesis("SplitShard", { StreamName, ShardToSplit: shard(0), NewStartingHashKey: quarter });
  await untilNextSecond();
  const threeQuarters = String(BigInt(hashKeyMiddle) + BigInt(quarter));
  await kinesis("SplitShard", { StreamName, ShardToSplit: shard(1), NewStartingHashKey: threeQuarters });
  await untilNextSecond();
  await kinesis("MergeShards", { StreamName, ShardToMerge: shard(3), AdjacentShardToMerge: shard(4) });
  await kinesis("AddTagsToStream", { StreamName, Tags: { team: "shop", purpose: "orders of the web shop" } });
  const StreamARN = await activeStreamArn(endpoint, StreamName);
  const consumerArn = await activeConsumerArn(endpoint, StreamARN, "billing");
  const billing = new ShardReader({ endpoint, consumerArn, shardId: shard(2) });
  await billing.subscribe();
  signal.addEventListener("abort", () => void billing.breakOff());
  await makeQueue(server);
  void (async () => {
    while (!signal.aborted) {
      await putDemoRecords(server, StreamName, 40);
      await putDemoRecords(server, "clicks", 5);
      await pause(100);
    }
  })().catch(() => undefined);
  void readSlowly(server, StreamName, signal).catch(() => undefined);
  return server;
}

/** The queue `packing` of the stream `jobs`: some records of it wait, some are dead letters. */
async function makeQueue({ endpoint, kinesis, put }: ConsoleServer): Promise<void> {
  await kinesis("CreateStream", { StreamName: "jobs", StreamModeDetails: { StreamMode: "ON_DEMAND" } });
  const StreamARN = await activeStreamArn(endpoint, "jobs");
  const StreamConfigurationList = [{ StreamARN, StartingPosition: { Type: "TRIM_HORIZON" } }];
  const create = (QueueName: string, MaxReceiveCount: number) =>
    kinesis<{ QueueDescription: { QueueARN: string } }>("CreateQueue", {
      ...{ QueueName, StreamConfigurationList },
      QueueAttributes: { DeadLetterConfiguration: { TargetType: "BUILT_IN", MaxReceiveCount } },
    });
  const { QueueDescription } = await create("packing", 1);
  await create("invoices", 6);
  const { QueueARN } = QueueDescription;
  const statusOf = async (): Promise<string> => {
    const described = await kinesis<{ QueueDescription: { QueueStatus: string } }>("DescribeQueue", { QueueARN });
    return described.QueueDescription.QueueStatus;
  };
  while ((await statusOf()) !== "ACTIVE") await pause(20);
  const job = (number: number) => JSON.stringify({ job: "pack", order: 4_700 + number, parcels: 1 + (number % 3) });
  const deadLetterCount = 9 * looks.length;
  for (let i = 0; i < deadLetterCount; i++) await put("jobs", `order-${4_700 + i}`, job(i));
  // Each look takes dead letters of its own: those that another one has seen are invisible for a while.
  for (let round = 0; round < looks.length; round++) {
    const received = await kinesis<{ QueueRecords: { ReceiptHandle: string }[] }>("ReceiveQueueRecords", { QueueARN });
    const Entries = received.QueueRecords.map(({ ReceiptHandle }) => ({ ReceiptHandle, VisibilityTimeoutSeconds: 0 }));
    await kinesis("UpdateQueueRecordsVisibility", { QueueARN, Entries });
  }
  for (let i = deadLetterCount; i < 200; i++) await put("jobs", `order-${4_700 + i}`, job(i));
}

interface Look {
  readonly width: number;
  readonly height: number;
  readonly colorScheme: "light" | "dark";
  /** Behind the name of the picture. */
  readonly suffix: "" | "-dark" | "-phone";
}

const looks: readonly Look[] = [
  { width: 1280, height: 800, colorScheme: "light", suffix: "" },
  { width: 1280, height: 800, colorScheme: "dark", suffix: "-dark" },
  { width: 390, height: 844, colorScheme: "light", suffix: "-phone" },
];

/** Whether each canvas of the page has something on it. */
const allDrawn = `[...document.querySelectorAll("canvas")].every((canvas) =>
  canvas.width > 0 &&
  canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0))`;

const drawnPollMs = 50;
const drawnPollsMax = 400;

/** Asks from outside: under the page's policy nothing within it may evaluate a text later, as `waitForFunction` does. */
async function untilDrawn(page: Page, where: string): Promise<void> {
  for (let polls = 0; !(await page.evaluate(allDrawn)); polls++) {
    assert(polls < drawnPollsMax, `${where}: a canvas stays empty`);
    await pause(drawnPollMs);
  }
}

/** Whether the history of `orders` has some steps, so that plots have lines. */
async function hasHistory({ endpoint }: ConsoleServer): Promise<boolean> {
  const response = await fetch(`${endpoint}/console/api/history?stream=orders`);
  const { steps } = (await response.json()) as {
    readonly steps: { readonly putMs: readonly (number | null)[] } | null;
  };
  return (steps?.putMs.filter((ms) => ms !== null).length ?? 0) >= historySteps;
}

const historySteps = 5;

async function lookAt(
  t: TestContext,
  server: ConsoleServer,
  { name, hash, alsoKept = [], act }: Place,
  look: Look,
): Promise<void> {
  const { width, height, colorScheme, suffix } = look;
  const opened = await browser.open(t, { viewport: { width, height }, colorScheme });
  if (opened === undefined) return;
  const { page, faults } = opened;
  await page.goto(server.at(hash));
  await page.locator("h1").waitFor();
  await act?.(page);
  const where = `${name}, ${width} pixels, ${colorScheme}`;
  await untilDrawn(page, where);
  assert.deepEqual(await accessibilityFaults(page), [], where);
  assert.equal(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), true, `${where}: too wide`);
  assert.deepEqual(faults, [], where);
  if (suffix === "" || alsoKept.includes(suffix)) await keepPicture(page, `${name}${suffix}`);
  await page.context().close();
}

test("each page is whole, in order and accessible at 1280 and at 390 pixels, light and dark", async (t) => {
  const stopping = new AbortController();
  t.after(() => stopping.abort());
  await using server = await startBusy(stopping.signal);
  while (!(await hasHistory(server))) await pause(500);
  for (const look of looks) for (const place of places) await lookAt(t, server, place, look);
});
