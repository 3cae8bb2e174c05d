/** Records of a schema that a person drops into the page, under its policy, which forbids code made at run time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { accessibilityFaults, TestBrowser } from "../../../support/chromium.ts";
import { orderMessage, shopDescriptors } from "../../../support/shop-messages.ts";
import { startConsole } from "../console-server.ts";

const browser = new TestBrowser();

test("records are decoded and filtered with a schema that was dropped in, also after a reload, until it is forgotten", async (t) => {
  const opened = await browser.open(t);
  if (opened === undefined) return;
  await using server = await startConsole();
  await server.put("orders", "message", orderMessage);
  await server.put("orders", "text", "no message");
  const { page, faults } = opened;
  await page.goto(server.at("#/stream/orders/records"));
  const row = (text: string) => page.locator(".record-row", { hasText: text });
  await row("1: 7").waitFor();
  await page.getByRole("button", { name: "Schema…" }).click();
  assert.deepEqual(await accessibilityFaults(page), []);
  const file = page.getByLabel("Descriptor set");
  await file.setInputFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("not a schema at all") });
  await page.getByRole("alert").getByText("This file has no messages").waitFor();
  const buffer = Buffer.from(shopDescriptors);
  await file.setInputFiles({ name: "shop.binpb", mimeType: "application/octet-stream", buffer });
  await page.getByLabel("Message").selectOption("shop.Order");
  await page.getByRole("button", { name: "Decode with it" }).click();
  const decoded = '{"number":7,"customer":{"name":"Ada"}}';
  await row(decoded).waitFor();
  await page.reload();
  await row(decoded).waitFor();
  await page.getByLabel("What to filter by").selectOption("path");
  await page.getByRole("searchbox", { name: "Filter" }).fill("customer.name == Ada");
  await page.getByText("1 match in 2 records").waitFor();
  await row(decoded).waitFor();
  await page.getByRole("button", { name: "Order", exact: true }).click();
  await page.getByRole("button", { name: "Forget the schema" }).click();
  await page.getByText("None of the 2 records read so far matches the filter.").waitFor();
  await page.getByRole("searchbox", { name: "Filter" }).fill("");
  await row("1: 7").waitFor();
  assert.deepEqual(faults, []);
});
