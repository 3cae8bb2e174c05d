/**
 * The dashboard of deploy/grafana and the alerts of deploy/prometheus: Prometheus scrapes a server with traffic of every kind, and
 * each query of both finds its metrics with the labels that it asks for.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BucketStandIn } from "../../test/support/bucket-stand-in.ts";
import { freePort } from "../../test/support/free-ports.ts";
import { activeConsumerArn, activeOnDemandArn, call, headersFor, refusalOf } from "../../test/support/kinesis-call.ts";
import { acknowledgeAll, activeQueueArn, receiveFromQueue } from "../../test/support/queue-call.ts";
import { until } from "../../test/support/until.ts";
import { root, run, type Serving, serve, stop } from "../support/run.ts";
import { prometheusTools } from "../support/tools.ts";

/** Only a gateway over NATS servers has these. */
const ofOtherEngines: ReadonlySet<string> = new Set(["millrace_gateways_live"]);
const dashboardFile = join(root, "deploy/grafana/millrace.json");
const rulesFile = join(root, "deploy/prometheus/millrace-rules.yaml");

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly fieldConfig?: { readonly defaults: { readonly unit: string } };
  readonly targets?: readonly { readonly expr: string }[];
}

interface Dashboard {
  readonly uid: string;
  readonly id?: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
}

const { prometheus, promtool } = await prometheusTools();
const dashboard = JSON.parse(readFileSync(dashboardFile, "utf8")) as Dashboard;
const panels = dashboard.panels.filter(({ type }) => type !== "row");
const home = mkdtempSync(join(tmpdir(), "millrace-monitoring-"));
let bucket: BucketStandIn;
let server: Serving;
let scraper: ChildProcess;
let endpoint = "";
let scraperUrl = "";

before(async () => {
  await run(process.execPath, [join(root, "scripts/setup.mjs"), "--build"]);
  bucket = await BucketStandIn.start();
  const places = join(home, "places.json");
  await bucket.writePlaces(places);
  const args = ["dist/cli/cli.js", "serve", "--port", "0", "--data-dir", join(home, "data"), "--channels", places];
  server = await serve(process.execPath, args);
  endpoint = `http://127.0.0.1:${server.port}`;
  const port = await freePort();
  scraperUrl = `http://127.0.0.1:${port}`;
  const settings = {
    global: { scrape_interval: "1s", evaluation_interval: "1s" },
    rule_files: [rulesFile],
    scrape_configs: [{ job_name: "millrace", static_configs: [{ targets: [`127.0.0.1:${server.port}`] }] }],
  };
  const file = join(home, "prometheus.yaml");
  // JSON is YAML too.
  writeFileSync(file, JSON.stringify(settings));
  scraper = spawn(
    prometheus,
    [`--config.file=${file}`, `--storage.tsdb.path=${join(home, "series")}`, `--web.listen-address=127.0.0.1:${port}`],
    { stdio: "ignore" },
  );
  process.once("exit", () => scraper.kill("SIGKILL"));
  await makeTraffic();
});

after(async () => {
  scraper.kill("SIGKILL");
  if (scraper.exitCode === null && scraper.signalCode === null) await once(scraper, "exit");
  await stop(server, "SIGTERM");
  await bucket[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

async function makeTraffic(): Promise<void> {
  const StreamARN = await activeOnDemandArn(endpoint, "metered");
  await call(endpoint, "EnableEnhancedMonitoring", { StreamARN, ShardLevelMetrics: ["ALL"] });
  const ConsumerARN = await activeConsumerArn(endpoint, StreamARN, "pushed");
  await makeChannel(StreamARN);
  const QueueARN = await activeQueueArn(endpoint, "queued");
  await call(endpoint, "PutRecord", { StreamName: "queued", PartitionKey: "a", Data: "aGk=" });
  await acknowledgeAll(endpoint, QueueARN, await receiveFromQueue(endpoint, QueueARN, 1));
  assert.equal(await refusalOf(endpoint, "DescribeStream", { StreamName: "none" }), "ResourceNotFoundException");
  const leaving = new AbortController();
  const ShardId = "shardId-000000000000";
  await fetch(endpoint, {
    method: "POST",
    headers: headersFor("SubscribeToShard"),
    body: JSON.stringify({ ConsumerARN, ShardId, StartingPosition: { Type: "TRIM_HORIZON" } }),
    signal: leaving.signal,
  });
  const position = { StreamARN, ShardId, ShardIteratorType: "TRIM_HORIZON" };
  const { ShardIterator } = await call<{ ShardIterator: string }>(endpoint, "GetShardIterator", position);
  const Records = Array.from({ length: 50 }, (_, i) => ({ PartitionKey: String(i), Data: "e30=" }));
  // Every series is in two scrapes, which a rate needs.
  await until(async () => {
    await call(endpoint, "PutRecords", { StreamARN, Records });
    await call(endpoint, "PutRecord", { StreamARN, PartitionKey: "a", Data: "e30=" });
    await call(endpoint, "GetRecords", { ShardIterator });
    return (await found(`count_over_time(millrace_channel_delivered_records_total[1m]) > 2`)) > 0;
  });
  leaving.abort();
}

async function makeChannel(StreamARN: string): Promise<void> {
  await call(endpoint, "CreateChannel", {
    ChannelName: "delivered",
    ServiceExecutionRoleARN: "arn:aws:iam::000000000000:role/delivery",
    StreamConfigurationList: [{ StreamARN, RecordConfiguration: { RecordFormatType: "JSON" } }],
    S3DestinationConfiguration: {
      DataFreshnessInSeconds: 1,
      StorageConfiguration: {
        BucketARN: "arn:aws:s3:::bucket",
        ExpectedBucketOwner: "000000000000",
        CompressionType: "NONE",
      },
    },
  });
}

/** How many series a query finds; 0 also while Prometheus does not respond yet. */
async function found(query: string): Promise<number> {
  const url = `${scraperUrl}/api/v1/query?query=${encodeURIComponent(query)}`;
  const response = await fetch(url).catch(() => undefined);
  if (response === undefined || response.status === 503) return 0;
  const { status, error, data } = (await response.json()) as {
    readonly status: string;
    readonly error?: string;
    readonly data?: { readonly result: readonly unknown[] };
  };
  assert.equal(status, "success", `${query}: ${error}`);
  return data?.result.length ?? 0;
}

test("the dashboard has an identity, variables, and for each panel a description, a unit and queries", () => {
  assert.equal(dashboard.uid, "millrace");
  assert.equal("id" in dashboard, false);
  assert.deepEqual(
    dashboard.templating.list.map(({ name, type }) => `${name} ${type}`),
    ["datasource datasource", "job query", "instance query", "stream query"],
  );
  assert(panels.length > 30);
  for (const { title, description = "", fieldConfig, targets = [] } of panels) {
    assert(description.endsWith("."), title);
    assert(fieldConfig?.defaults.unit !== undefined && targets.length > 0, title);
  }
});

test("each query of the dashboard finds its metrics on a running server", async () => {
  const empty: string[] = [];
  for (const { title, targets = [] } of panels) {
    for (const { expr } of targets) {
      const query = expr.replaceAll("$__rate_interval", "1m").replaceAll(/\$(job|instance|stream)/g, ".*");
      assert.doesNotMatch(query, /\$/, title);
      if ([...ofOtherEngines].some((name) => query.startsWith(`${name}{`))) continue;
      if ((await found(query)) === 0) empty.push(`${title}: ${query}`);
    }
  }
  assert.deepEqual(empty, []);
});

test("promtool accepts the alerts, their tests and the text of /metrics", async () => {
  await run(promtool, ["check", "rules", "--lint-fatal", rulesFile]);
  await run(promtool, ["test", "rules", join(root, "packaging/prometheus/millrace-rules.test.yaml")]);
  const input = await (await fetch(`${endpoint}/metrics`)).text();
  const { status, stdout, stderr } = spawnSync(promtool, ["check", "metrics"], { input, encoding: "utf8" });
  assert.deepEqual([status, stdout + stderr], [0, ""]);
});

test("each metric of the alerts is one of a running server, each alert has a test and a row in the documents", async () => {
  const alerts = [...readFileSync(rulesFile, "utf8").matchAll(/^ +- alert: (\w+)\n +expr: (.+)$/gm)];
  assert(alerts.length > 10);
  const tested = readFileSync(join(root, "packaging/prometheus/millrace-rules.test.yaml"), "utf8");
  const documented = readFileSync(join(root, "docs/operating.md"), "utf8");
  for (const [, alert, expr = ""] of alerts) {
    for (const [name] of expr.matchAll(/\b(?:millrace|process|nodejs)_\w+/g)) {
      if (!ofOtherEngines.has(name)) assert((await found(name)) > 0, `${alert}: ${name}`);
    }
    assert(tested.includes(`alertname: ${alert}\n        exp_alerts:`), `${alert} is not tested`);
    assert(documented.includes(`| \`${alert}\` |`), `docs/operating.md does not explain ${alert}`);
  }
});
