import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { accessibilityFaults, TestBrowser } from "../../support/chromium.ts";
import { startConsole } from "./console-server.ts";

const browser = new TestBrowser();

test("a person creates a stream, puts a record, follows the link to it and finds its shard", async (t) => {
  const opened = await browser.open(t);
  if (opened === undefined) return;
  await using server = await startConsole();
  const { page, faults } = opened;
  await page.goto(server.at());
  await page.getByRole("link", { name: "orders" }).waitFor();
  assert.deepEqual(await accessibilityFaults(page), []);
  await page.getByRole("button", { name: "Create a stream" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("clicks");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.getByRole("link", { name: "clicks" }).click();
  await page.getByRole("link", { name: "Put" }).click();
  await page.getByLabel("Partition key").fill("customer-7");
  await page.getByLabel("Data", { exact: true }).fill('{"total": 12.5}');
  await page.getByRole("button", { name: "Put", exact: true }).click();
  await page.getByRole("link", { name: "Show it" }).click();
  const detail = page.getByRole("complementary", { name: "Record" });
  await detail.getByText("customer-7").waitFor();
  await detail.getByText('"total"').waitFor();
  await page.getByRole("link", { name: "Shards" }).click();
  await page.getByLabel("Which shard takes this key?").fill("customer-7");
  await page.locator("output", { hasText: "shardId-000000000000" }).waitFor();
  assert.deepEqual(faults, []);
});

test("a tail over all shards shows what is put while it is open, decoded, and filters it", async (t) => {
  const opened = await browser.open(t);
  if (opened === undefined) return;
  await using server = await startConsole();
  const { page, faults } = opened;
  await server.put("orders", "before", "stored before the page was open");
  await page.goto(server.at("#/stream/orders/records"));
  const row = (text: string) => page.locator(".record-row", { hasText: text });
  await row("stored before").waitFor();
  await page.locator(".state.live").waitFor();
  await server.put("orders", "json", '{"status": "paid"}');
  await server.put("orders", "packed", gzipSync("text out of a gzip"));
  await row('{"status":"paid"}').waitFor();
  await row("text out of a gzip").waitFor();
  await page.getByLabel("What to filter by").selectOption("path");
  await page.getByRole("searchbox", { name: "Filter" }).fill("status == paid");
  await page.getByText("1 match in 3 records").waitFor();
  await server.put("orders", "json", '{"status": "open"}');
  await server.put("orders", "json", '{"status": "paid", "number": 2}');
  await page.getByText("2 matches in 5 records").waitFor();
  // A link that is opened over the list, as a colleague sends it.
  await page.goto(server.at("#/stream/orders/records?start=oldest&by=key&filter=packed"));
  await page.getByText("1 match in 5 records").waitFor();
  assert.deepEqual(faults, []);
});

test("what the list of records remembers in the address does not undo a link that is followed meanwhile", async (t) => {
  const opened = await browser.open(t);
  if (opened === undefined) return;
  await using server = await startConsole();
  const { page, faults } = opened;
  // The page hears of a new address late, as on a busy machine.
  await page.addInitScript(`
    addEventListener("hashchange", (event) => {
      if (!event.isTrusted) return;
      event.stopImmediatePropagation();
      setTimeout(() => dispatchEvent(new HashChangeEvent("hashchange")), 300);
    });
  `);
  await page.goto(server.at("#/stream/orders/records"));
  await page.locator(".state.live").waitFor();
  await page.evaluate(`{
    const filter = document.querySelector("input[type=search]");
    filter.value = "paid";
    filter.dispatchEvent(new InputEvent("input", { bubbles: true }));
    location.hash = "#/stream/orders/settings";
  }`);
  await page.getByRole("heading", { name: "Retention" }).waitFor();
  assert.deepEqual(faults, []);
});

test("a split and a merge by clicking change the stream and are drawn", async (t) => {
  const opened = await browser.open(t);
  if (opened === undefined) return;
  await using server = await startConsole({ stream: "orders:1" });
  const { page, faults } = opened;
  await page.goto(server.at("#/stream/orders/shards"));
  await page.getByRole("button", { name: "shardId-000000000000" }).click();
  await page.getByRole("button", { name: "Split…" }).click();
  await page.getByText("child 2").waitFor();
  await page.getByRole("button", { name: "Split", exact: true }).click();
  await page.getByRole("heading", { name: "2 open shards, 1 closed" }).waitFor();
  await page.getByRole("button", { name: "shardId-000000000001" }).click();
  await page.getByRole("button", { name: "Merge…" }).click();
  await page.getByText("merged shard").waitFor();
  await page.getByRole("button", { name: "Merge", exact: true }).click();
  await page.getByRole("heading", { name: "1 open shard, 3 closed" }).waitFor();
  await page.getByRole("img", { name: "Lineage of 4 shards in 3 steps" }).waitFor();
  assert.deepEqual(faults, []);
});

test("a read-only console offers no change and its way to the API refuses one", async (t) => {
  const opened = await browser.open(t);
  if (opened === undefined) return;
  await using server = await startConsole({ console: "read-only" });
  const { page, faults } = opened;
  await page.goto(server.at());
  await page.getByRole("link", { name: "orders" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Create a stream" }).count(), 0);
  await page.goto(server.at("#/stream/orders/put"));
  await page.getByRole("heading", { name: "This console is read-only" }).waitFor();
  assert.deepEqual(faults, []);
  const status = await page.evaluate(async () => {
    const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": "Kinesis_20131202.DeleteStream" };
    const body = '{"StreamName": "orders"}';
    return (await fetch("kinesis", { method: "POST", headers, body })).status;
  });
  assert.equal(status, 403);
});
