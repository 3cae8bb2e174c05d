import assert from "node:assert/strict";
import { test } from "node:test";
import { accessibilityFaults, TestBrowser } from "../../support/chromium.ts";
import { activeStreamArn } from "../../support/kinesis-call.ts";
import { type ConsoleServer, startConsole } from "./console-server.ts";

const browser = new TestBrowser();

/** An on-demand stream `work`, and its ARN. */
async function createWork({ endpoint, kinesis }: ConsoleServer): Promise<string> {
  const StreamName = "work";
  await kinesis("CreateStream", { StreamName, StreamModeDetails: { StreamMode: "ON_DEMAND" } });
  return await activeStreamArn(endpoint, StreamName);
}

test("a person makes a queue, works off a record, and restores and deletes its dead letters", async (t) => {
  const opened = await browser.open(t);
  if (opened === undefined) return;
  await using server = await startConsole();
  await createWork(server);
  const { page, faults } = opened;
  const button = (name: string) => page.getByRole("button", { name, exact: true });
  await page.goto(server.at("#/queues"));
  await button("Create a queue").click();
  await page.getByRole("textbox", { name: "Name" }).fill("packing");
  await page.getByLabel("Begins with").selectOption("TRIM_HORIZON");
  await page.getByLabel("Receives before a record is a dead letter").fill("1");
  await button("Create").click();
  await page.getByRole("link", { name: "packing" }).click();
  for (const order of [1, 2, 3]) await server.put("work", `order-${order}`, JSON.stringify({ order }));
  await button("Receive records").click();
  const row = (key: string) => page.getByRole("listitem").filter({ hasText: key });
  await row("order-1").getByText('{"order":1}').waitFor();
  await row("order-1").getByRole("button", { name: "Acknowledge" }).click();
  await row("order-1").getByText("acknowledged", { exact: true }).waitFor();
  assert.deepEqual(await accessibilityFaults(page), []);
  // Once received and given back is once too often for this queue.
  await button("Give back all").click();
  await page.getByText("given back").nth(1).waitFor();
  await page.locator(".card.bad", { hasText: "Dead letters" }).getByText("2", { exact: true }).waitFor();
  await page.getByRole("link", { name: "Dead letters" }).click();
  await button("Look at dead letters").click();
  await row("order-2").waitFor();
  await row("order-2").getByRole("button", { name: "Restore" }).click();
  await row("order-2").getByText("restored").waitFor();
  await row("order-3").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
  await row("order-3").getByText("deleted").waitFor();
  await page.getByRole("link", { name: "Records" }).click();
  await button("Receive records").click();
  await row("order-2").waitFor();
  assert.equal(await page.getByRole("listitem").count(), 1, "the restored record is the only one left");
  assert.deepEqual(faults, []);
});

test("a queue of a cluster, where nothing counts what waits, does not blank its page", async (t) => {
  const opened = await browser.open(t);
  if (opened === undefined) return;
  await using server = await startConsole();
  const StreamARN = await createWork(server);
  const { QueueDescription } = await server.kinesis<{ QueueDescription: { QueueARN: string } }>("CreateQueue", {
    QueueName: "packing",
    StreamConfigurationList: [{ StreamARN }],
  });
  const { page, faults } = opened;
  const counted = { receivedCount: 5, acknowledgedCount: 3, inFlightCount: 2 };
  const figures = { ...counted, visibleDeadLetterCount: 1_000, inFlightDeadLetterCount: 0 };
  const id = QueueDescription.QueueARN.replace(/^.*\//, "");
  await page.route("**/console/api/queues?*", (route) => route.fulfill({ json: { queues: { [id]: figures } } }));
  await page.goto(server.at("#/queues"));
  await page.getByRole("link", { name: "packing" }).click();
  const card = (title: string) => page.locator(".card", { hasText: title }).locator("b");
  await card("Waiting").waitFor();
  const shown = ["Waiting", "In flight", "Dead letters"].map((title) => card(title).textContent());
  assert.deepEqual(await Promise.all(shown), ["–", "2", "1,000"]);
  await page.unrouteAll({ behavior: "ignoreErrors" });
  assert.deepEqual(faults, []);
});

test("a queue changes its attempts and goes when its name is typed", async (t) => {
  const opened = await browser.open(t);
  if (opened === undefined) return;
  await using server = await startConsole();
  const StreamARN = await createWork(server);
  type Output = { readonly QueueDescription: { readonly QueueARN: string; readonly QueueAttributes: object } };
  const { QueueDescription } = await server.kinesis<Output>("CreateQueue", {
    QueueName: "packing",
    StreamConfigurationList: [{ StreamARN }],
  });
  const { QueueARN } = QueueDescription;
  const { page, faults } = opened;
  await page.goto(server.at(`#/queue/${encodeURIComponent(QueueARN)}/settings`));
  await page.getByLabel("Visibility timeout, in seconds").fill("45");
  await page.getByLabel("Set records aside as dead letters").uncheck();
  await page.getByRole("button", { name: "Save" }).first().click();
  await page.getByText("handed out again after 45 s").waitFor();
  await page.getByText("no dead letters").waitFor();
  const described = await server.kinesis<Output>("DescribeQueue", { QueueARN });
  assert.deepEqual(described.QueueDescription.QueueAttributes, {
    VisibilityTimeoutSeconds: 45,
    DeadLetterConfiguration: { TargetType: "NONE" },
  });
  await page.getByRole("button", { name: "Delete this queue…" }).click();
  const remove = page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true });
  assert.equal(await remove.isDisabled(), true);
  await page.getByLabel("Type the name of the queue").fill("packing");
  await remove.click();
  await page.getByRole("heading", { name: "No queues yet" }).waitFor();
  assert.deepEqual(faults, []);
});
