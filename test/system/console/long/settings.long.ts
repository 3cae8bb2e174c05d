/** What the page changes of a stream, its consumers and an account, seen through the API. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { accessibilityFaults, TestBrowser } from "../../../support/chromium.ts";
import { type ConsoleServer, startConsole } from "../console-server.ts";
import { keepPicture } from "./keep-picture.ts";

const browser = new TestBrowser();

interface Summary {
  readonly StreamModeDetails: { readonly StreamMode: string };
  readonly EncryptionType: string;
  readonly KeyId?: string;
  readonly OpenShardCount: number;
  readonly MaxRecordSizeInKiB: number;
  readonly RecordDistributionStrategy?: string;
  readonly WarmThroughput?: { readonly TargetMiBps: number };
  readonly EnhancedMonitoring: readonly { readonly ShardLevelMetrics: readonly string[] }[];
}

async function summaryOf({ kinesis }: ConsoleServer): Promise<Summary> {
  const input = { StreamName: "orders" };
  return (await kinesis<{ StreamDescriptionSummary: Summary }>("DescribeStreamSummary", input))
    .StreamDescriptionSummary;
}

test("mode, encryption, shards and record size are changed in the page, each after it has said what that means", async (t) => {
  const opened = await browser.open(t);
  if (opened === undefined) return;
  await using server = await startConsole();
  const { page, faults } = opened;
  const section = (title: string) =>
    page.locator("section", { has: page.getByRole("heading", { name: title, exact: true }) }).last();
  const confirm = async (label: string): Promise<void> => {
    await page.getByRole("button", { name: `${label}…` }).click();
    assert.deepEqual(await accessibilityFaults(page), []);
    await page.getByRole("dialog").getByRole("button", { name: label, exact: true }).click();
  };
  await page.goto(server.at("#/stream/orders/settings"));
  await section("Shards").getByLabel("Open shards").fill("4");
  await section("Shards").getByText("Shards are split").waitFor();
  await section("Shards").getByRole("button", { name: "Change" }).click();
  await section("Shards").getByText("The stream has 4 open shards.").waitFor();
  await section("Largest record").getByLabel("KiB").fill("2048");
  await section("Largest record").getByRole("button", { name: "Change" }).click();
  await section("Largest record").getByText("2,048 KiB are taken").waitFor();
  await confirm("Start encryption");
  await page.getByText("New records are encrypted under the key alias/aws/kinesis.").waitFor();
  await page.getByLabel("Enhanced monitoring").click();
  await page.getByText("On for IncomingBytes").waitFor();
  const { EncryptionType, KeyId, OpenShardCount, MaxRecordSizeInKiB, EnhancedMonitoring } = await summaryOf(server);
  assert.deepEqual(
    { EncryptionType, KeyId, OpenShardCount, MaxRecordSizeInKiB },
    { EncryptionType: "KMS", KeyId: "alias/aws/kinesis", OpenShardCount: 4, MaxRecordSizeInKiB: 2_048 },
  );
  assert.equal(EnhancedMonitoring[0]?.ShardLevelMetrics.length, 7);
  await confirm("Stop encryption");
  await page.getByText("New records are stored as they are.").waitFor();
  assert.equal((await summaryOf(server)).EncryptionType, "NONE");
  await confirm("Change to on demand");
  await page.getByLabel("Spread records over all shards").click();
  await section("Warm throughput").getByLabel("MiB/s").fill("6");
  await section("Warm throughput").getByRole("button", { name: "Change" }).click();
  await section("Warm throughput").getByRole("alert").waitFor();
  await page.getByRole("checkbox", { name: "Spread records", checked: true }).waitFor();
  const onDemand = await summaryOf(server);
  assert.equal(onDemand.StreamModeDetails.StreamMode, "ON_DEMAND");
  assert.equal(onDemand.RecordDistributionStrategy, "AUTO");
  await page.goto(server.at("#/server"));
  await confirm("Commit to a minimum throughput");
  await page.getByText("in force, until").waitFor();
  await page.goto(server.at("#/stream/orders/settings"));
  await section("Warm throughput").getByLabel("MiB/s").fill("6");
  await section("Warm throughput").getByRole("button", { name: "Change" }).click();
  await section("Warm throughput").getByText("kept ready for 6 MiB/s").waitFor();
  assert.equal((await summaryOf(server)).WarmThroughput?.TargetMiBps, 6);
  await confirm("Change to provisioned");
  await section("Shards").getByText("The stream has 6 open shards.").waitFor();
  // The refusal of the warm throughput was the one request that failed.
  assert.deepEqual(
    faults.filter((fault) => !fault.includes("status of 400")),
    [],
  );
});

test("a consumer is registered, tagged and given a policy in the page, and deregistered", async (t) => {
  const opened = await browser.open(t);
  if (opened === undefined) return;
  await using server = await startConsole();
  const { page, faults } = opened;
  await page.goto(server.at("#/stream/orders/settings"));
  await page.getByLabel("Name", { exact: true }).fill("billing");
  await page.getByRole("button", { name: "Register" }).click();
  await page.getByRole("button", { name: "billing", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Consumer billing" });
  const arn = (await dialog.locator("dd").first().textContent()) ?? "";
  assert.match(arn, /^arn:aws:kinesis:us-east-1:000000000000:stream\/orders\/consumer\/billing:\d+$/);
  await dialog.getByLabel("Tag", { exact: true }).fill("team");
  await dialog.getByLabel("Value").fill("shop");
  await dialog.getByRole("button", { name: "Add" }).click();
  await dialog.getByRole("rowheader", { name: "team" }).waitFor();
  await dialog.getByLabel("Resource policy as JSON").fill(JSON.stringify(policyFor(arn)));
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByRole("button", { name: "Remove", exact: true }).and(page.locator(":enabled")).waitFor();
  assert.deepEqual(await accessibilityFaults(page), []);
  await keepPicture(page, "consumer");
  const { Policy } = await server.kinesis<{ Policy: string }>("GetResourcePolicy", { ResourceARN: arn });
  assert.deepEqual(JSON.parse(Policy), policyFor(arn));
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "Deregister billing" }).click();
  await page.getByText("None is registered for enhanced fan-out.").waitFor();
  assert.deepEqual(faults, []);
});

function policyFor(Resource: string): object {
  const Principal = { AWS: "111122223333" };
  const Action = ["kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard"];
  return { Version: "2012-10-17", Statement: [{ Sid: "read", Effect: "Allow", Principal, Action, Resource }] };
}
