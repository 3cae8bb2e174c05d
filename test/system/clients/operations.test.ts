import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { newestPython, pythonsWith, reportMissing } from "../../support/available-tools.ts";
import { BucketStandIn } from "../../support/bucket-stand-in.ts";
import { CatalogStandIn } from "../../support/catalog-stand-in.ts";
import { liftedLimits } from "../../support/lifted-limits.ts";
import { ServerProcess } from "../../support/start-server.ts";
import type { ApiClient } from "./api-client.ts";
import { startPythonApiClient } from "./python-api-client.ts";
import { sdkApiClient } from "./sdk-api-client.ts";
import { walkOperations } from "./walk-operations.ts";
import { walkPages } from "./walk-pages.ts";
import { type WalkedServer, walkedServer } from "./walked-server.ts";

const modelFile = join(import.meta.dirname, "../../../model/operations.json");
const model = JSON.parse(readFileSync(modelFile, "utf8")) as { readonly operations: Readonly<Record<string, unknown>> };
const operations = Object.keys(model.operations);

type Start = (server: Pick<WalkedServer, "endpoint" | "port">) => Promise<ApiClient>;

const sdkOverHttp2: Start = async ({ endpoint }) => sdkApiClient({ endpoint });
const sdkOverHttp1: Start = async ({ endpoint }) => sdkApiClient({ endpoint, requestHandler: new NodeHttpHandler() });
const boto3 =
  (python: string): Start =>
  ({ endpoint }) =>
    startPythonApiClient("boto3", { python, script: "boto3_api.py", args: [endpoint] });
const awsCli =
  (python: string, ...args: readonly string[]): Start =>
  ({ endpoint }) =>
    startPythonApiClient("the AWS CLI", { python, script: "aws_cli_api.py", args: [endpoint, ...args] });
const boto2 =
  (python: string): Start =>
  ({ port }) =>
    startPythonApiClient("boto 2", { python, script: "boto2_api.py", args: ["127.0.0.1", String(port)] });

async function startServer(t: TestContext, engine: "memory" | "embedded"): Promise<ServerProcess> {
  const directory = await mkdtemp(join(tmpdir(), "millrace-limits-"));
  t.after(() => rm(directory, { recursive: true }));
  const limits = join(directory, "limits.json");
  await writeFile(limits, JSON.stringify(liftedLimits()));
  const places = join(directory, "places.json");
  const store = await BucketStandIn.start();
  t.after(() => store[Symbol.asyncDispose]());
  const catalog = await CatalogStandIn.start();
  t.after(() => catalog[Symbol.asyncDispose]());
  await store.writePlaces(places, catalog);
  return await ServerProcess.start({ args: ["--engine", engine, "--limits", limits, "--channels", places] });
}

/** The newest AWS SDK for JavaScript does not have them yet. */
const queueOperations = operations.filter((name) => name.includes("Queue"));

type Knowledge = "all" | "all but queues" | "all but subscriptions" | "its own";

async function walk(
  t: TestContext,
  start: Start,
  knows: Knowledge,
  engine: "memory" | "embedded" = "memory",
): Promise<void> {
  await using server = await walkedServer(() => startServer(t, engine));
  const client = await start(server);
  t.after(() => client.close());
  const unknown = operations.filter((name) => !client.operations.has(name));
  if (knows === "all") assert.deepEqual(unknown, []);
  else if (knows === "all but queues") assert.deepEqual(unknown, queueOperations);
  else if (knows === "all but subscriptions") assert.deepEqual(unknown, ["SubscribeToShard"]);
  else t.diagnostic(`does not know: ${unknown.join(", ") || "nothing"}`);
  // A server that is given knows no buckets.
  await walkOperations(client, operations, server instanceof ServerProcess);
  await walkPages(client);
}

test("the AWS SDK for JavaScript walks all operations but those of queues over HTTP/2", (t) =>
  walk(t, sdkOverHttp2, "all but queues"));
test("the AWS SDK for JavaScript walks all operations but those of queues over HTTP/1.1", (t) =>
  walk(t, sdkOverHttp1, "all but queues"));

const newestBoto3 = newestPython("boto3");
const newestCli = newestPython("awscli");

// What PyPI has of the AWS CLI is version 1, which gets no new operations any more.
test("the newest AWS CLI walks the operations that it knows", (t) => {
  if (newestCli === undefined) return reportMissing(t, "AWS CLI (scripts/get-client-tools.mjs says why)");
  t.diagnostic(`version ${newestCli.version}`);
  return walk(t, awsCli(newestCli.python), "its own");
});

// The CLI makes its commands from a model: with that of boto3 it has those of its version 2.
test("the AWS CLI with the newest model walks all operations of queues", (t) => {
  if (newestCli === undefined) return reportMissing(t, "AWS CLI (scripts/get-client-tools.mjs says why)");
  return walk(t, awsCli(newestCli.python, "newest-model"), newestBoto3?.isNewest ? "all but subscriptions" : "its own");
});

test("the newest boto3 walks the operations that it knows", (t) => {
  if (newestBoto3 === undefined) return reportMissing(t, "boto3 (scripts/get-client-tools.mjs says why)");
  t.diagnostic(`version ${newestBoto3.version}${newestBoto3.isNewest ? "" : ", which is not the newest of PyPI"}`);
  return walk(t, boto3(newestBoto3.python), newestBoto3.isNewest ? "all" : "its own");
});

test("the newest boto3 walks the operations that it knows on the embedded engine", (t) => {
  if (newestBoto3 === undefined) return reportMissing(t, "boto3 (scripts/get-client-tools.mjs says why)");
  return walk(t, boto3(newestBoto3.python), newestBoto3.isNewest ? "all" : "its own", "embedded");
});

for (const { python, version } of pythonsWith("boto3").filter((found) => found.version !== newestBoto3?.version)) {
  test(`boto3 ${version} walks the operations that it knows`, (t) => walk(t, boto3(python), "its own"));
}

test("boto 2 walks the operations that it knows", (t) => {
  const [found] = pythonsWith("boto");
  if (found === undefined) return reportMissing(t, "boto 2 (scripts/get-client-tools.mjs says why)");
  return walk(t, boto2(found.python), "its own");
});

for (const [name, start] of [
  ["the AWS SDK for JavaScript", sdkOverHttp2],
  ["the newest boto3", newestBoto3 === undefined ? undefined : boto3(newestBoto3.python)],
] as const) {
  test(`${name} waits with its own waiters until a stream is there, and until it is gone`, async (t) => {
    if (start === undefined) return reportMissing(t, name);
    await using server = await ServerProcess.start({ args: ["--engine", "memory", "--transition-delay", "700ms"] });
    const client = await start(server);
    t.after(() => client.close());
    const stream = { StreamName: "awaited" };
    const status = async () => {
      const outcome = await client.call("DescribeStreamSummary", stream);
      if (outcome.kind !== "answered") return outcome.kind === "refused" ? outcome.type : outcome.kind;
      return (outcome.output["StreamDescriptionSummary"] as { readonly StreamStatus: string }).StreamStatus;
    };
    await client.call("CreateStream", { ...stream, ShardCount: 1 });
    assert.equal(await status(), "CREATING");
    await client.wait("StreamExists", stream.StreamName);
    assert.equal(await status(), "ACTIVE");
    await client.call("DeleteStream", stream);
    assert.equal(await status(), "DELETING");
    await client.wait("StreamNotExists", stream.StreamName);
    assert.equal(await status(), "ResourceNotFoundException");
  });
}
