import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startMillrace } from "../../../src/app/in-process-server.ts";
import { BucketStandIn, clickSchemaArn } from "../../support/bucket-stand-in.ts";
import { CatalogStandIn } from "../../support/catalog-stand-in.ts";
import { activeOnDemandArn, call } from "../../support/kinesis-call.ts";
import { cliOutput, runCli } from "../../support/run-cli.ts";
import { until } from "../../support/until.ts";

test("channel makes channels, lists, describes and deletes them", async (t) => {
  await using store = await BucketStandIn.start();
  const folder = await mkdtemp(join(tmpdir(), "millrace-places-"));
  t.after(() => rm(folder, { recursive: true }));
  const places = join(folder, "places.json");
  await store.writePlaces(places);
  await using millrace = await startMillrace({ channels: places });
  const { endpoint } = millrace;
  const channel = (...args: readonly string[]) => cliOutput(["channel", ...args], { endpoint });
  await cliOutput(["create", "clicks"], { endpoint });
  await channel("create", "lake", "clicks", "bucket", "--compression", "gzip", "--freshness", "7", "--key", "in/!{dd}");
  assert.match(await channel("ls"), /^CHANNEL +STATUS +STREAM +ARN\nlake +ACTIVE +clicks +arn:/);
  const described = await channel("describe", "lake");
  for (const line of [/bucket +bucket\n/, /records +JSON\n/, /compression +GZIP\n/, /key +in\/!{dd}\n/]) {
    assert.match(described, line);
  }
  assert.match(described, /freshnessSeconds +7\n/);
  const second = await runCli(["channel", "create", "lake", "clicks", "bucket"], { endpoint });
  assert.deepEqual([second.code, second.stderr.includes("ResourceInUseException")], [2, true], second.stderr);
  await channel("rm", "lake");
  assert.equal(await channel("ls"), "");
  const gone = await runCli(["channel", "describe", "lake"], { endpoint });
  assert.deepEqual([gone.code, gone.stderr], [2, "millrace: there is no channel lake\n"]);
});

test("channel create says why a channel is FAILED", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-places-"));
  t.after(() => rm(folder, { recursive: true }));
  const places = join(folder, "places.json");
  await using store = await BucketStandIn.start();
  store.isGone = true;
  await store.writePlaces(places);
  await using millrace = await startMillrace({ channels: places });
  const { endpoint } = millrace;
  await cliOutput(["create", "clicks"], { endpoint });
  const failed = await runCli(["channel", "create", "lake", "clicks", "nowhere"], { endpoint });
  assert.equal(failed.code, 2);
  assert.match(
    failed.stderr,
    /the channel lake is FAILED: The bucket nowhere refuses what the server asks of it \(404 /,
  );
});

test("channel shows a channel into a table with its table, schema and partitions", async (t) => {
  await using store = await BucketStandIn.start();
  await using catalog = await CatalogStandIn.start();
  const folder = await mkdtemp(join(tmpdir(), "millrace-places-"));
  t.after(() => rm(folder, { recursive: true }));
  const places = join(folder, "places.json");
  await store.writePlaces(places, catalog);
  await using millrace = await startMillrace({ channels: places });
  const { endpoint } = millrace;
  const StreamARN = await activeOnDemandArn(endpoint, "clicks");
  const letters = { BucketARN: "arn:aws:s3:::letters", ExpectedBucketOwner: "000000000000", ErrorOutputPrefix: "bad/" };
  const TableBucketARN = "arn:aws:s3tables:us-east-1:000000000000:bucket/analytics";
  const PartitionSpec = { PartitionFields: [{ Transform: "TIME_HOUR", SourceName: "at" }] };
  const table = { TableBucketARN, Namespace: "web", TableName: "clicks", CompressionType: "SNAPPY", PartitionSpec };
  await call(endpoint, "CreateChannel", {
    ChannelName: "rows",
    ServiceExecutionRoleARN: "arn:aws:iam::000000000000:role/delivery",
    StreamConfigurationList: [
      { StreamARN, RecordConfiguration: { RecordFormatType: "JSON", GSRSchemaARN: clickSchemaArn } },
    ],
    S3TablesDestinationConfiguration: { DeadLetterQueueS3Configuration: letters, S3TablesConfigurationList: [table] },
  });
  await until(async () => (await cliOutput(["channel", "ls"], { endpoint })).includes("ACTIVE"));
  const described = await cliOutput(["channel", "describe", "rows", "--json"], { endpoint });
  const {
    arn: _arn,
    created: _created,
    streams: _streams,
    ...shown
  } = JSON.parse(described) as Record<string, unknown>;
  assert.deepEqual(shown, {
    ...{ channel: "rows", status: "ACTIVE", records: "JSON", table: "web.clicks", tableBucket: TableBucketARN },
    ...{ schema: clickSchemaArn, partitions: ["hour(at)"], compression: "SNAPPY", freshnessSeconds: 300 },
    deadLetters: "letters/bad/",
  });
});
