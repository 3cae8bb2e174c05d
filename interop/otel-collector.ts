/**
 * The OTLP receiver of the OpenTelemetry Collector: a server with --otlp-endpoint delivers all of its metrics into it, each
 * series once and as `/metrics` has it, and at its end what it counted last.
 */
import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { freePort } from "../test/support/free-ports.ts";
import { account, kinesisClient } from "./client-environment.ts";
import { type Environment, go, type Library } from "./library.ts";
import { Millrace } from "./millrace.ts";
import { cacheOf, sourcesOf } from "./places.ts";
import { runProgram } from "./run-program.ts";

const cwd = sourcesOf("otel-collector");
const program = join(cacheOf("otel-collector"), "receiver");
// A first build downloads the modules and compiles them.
const buildMsMax = 600_000;
const exportIntervalMs = 500;
const waitMsMax = 30_000;
const authorization = "Bearer interop";

export const otelCollector: Library = {
  name: "OpenTelemetry Collector",
  tools: [go],
  isSlow: true,
  async prepare() {
    await runProgram(["go", "build", "-o", program, "."], { cwd, timeMsMax: buildMsMax });
  },
  run: deliverMetrics,
};

/** The server of the other libraries exports nothing: this one is started here. */
async function deliverMetrics(): Promise<string> {
  await using receiver = await Receiver.start();
  const recordsBefore = 7;
  const recordsAtEnd = 3;
  {
    await using millrace = await Millrace.start({
      verify: true,
      args: ["--account", account, "--stream", "metered:2", "--otlp-endpoint", `http://${receiver.address}`],
      env: {
        OTEL_METRIC_EXPORT_INTERVAL: String(exportIntervalMs),
        OTEL_EXPORTER_OTLP_HEADERS: `authorization=${encodeURIComponent(authorization)}`,
        OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
        OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=interop",
      },
    });
    await put(millrace.environment, recordsBefore);
    await receiver.until((series) => series.get(recordsIn) === recordsBefore);
    await assertAsScraped(millrace.environment, receiver);
    // The end follows at once, most often before the next interval is over.
    await put(millrace.environment, recordsAtEnd);
  }
  const { resource, series, authorization: sent } = receiver.last();
  assert.equal(series.get(recordsIn), recordsBefore + recordsAtEnd, "the last export has what was counted last");
  assert.equal(sent, authorization);
  assert.equal(resource["service.name"], "millrace");
  assert.equal(resource["deployment.environment.name"], "interop");
  assert.match(resource["service.version"] ?? "", /^\d+\.\d+\.\d+/);
  assert.match(resource["service.instance.id"] ?? "", /^[0-9a-f-]{36}$/);
  return `${series.size} series, ${receiver.batchCount} exports`;
}

const recordsIn = 'millrace_records_in_total{"operation":"PutRecords"}';

async function put(env: Environment, count: number): Promise<void> {
  const client = kinesisClient(env);
  const Records = Array.from({ length: count }, (_, i) => ({ PartitionKey: String(i), Data: Buffer.from("metered") }));
  await client.send(new PutRecordsCommand({ StreamName: "metered", Records }));
  client.destroy();
}

/** Waits for an export in which every series of a scrape is, and those of requests with the same value. */
async function assertAsScraped(env: Environment, receiver: Receiver): Promise<void> {
  const text = await (await fetch(`${env["MILLRACE_HTTP"]}/metrics`)).text();
  const scraped = scrapedSeries(text);
  assert(scraped.size > 40, `${scraped.size} series were scraped`);
  await receiver.until((series) => [...scraped.keys()].every((name) => series.has(name)));
  const { series } = receiver.last();
  for (const [name, value] of scraped) {
    if (/^millrace_(request|response|records|commit)/.test(name)) assert.equal(series.get(name), value, name);
  }
}

/** By name and labels, `_bucket` samples left out. */
function scrapedSeries(text: string): ReadonlyMap<string, number> {
  const series = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [, name = "", labelText = "", value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (value === undefined || name.endsWith("_bucket")) continue;
    const labels = Object.fromEntries([...labelText.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, text]) => [key, text]));
    series.set(nameOf(name, labels), Number(value));
  }
  return series;
}

function nameOf(name: string, labels: Readonly<Record<string, string>>): string {
  return Object.keys(labels).length === 0 ? name : `${name}${JSON.stringify(labels)}`;
}

interface Batch {
  readonly authorization: string;
  readonly resource: Readonly<Record<string, string>>;
  /** Values by name and labels; a histogram has two, `_sum` and `_count`. */
  readonly series: ReadonlyMap<string, number>;
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue: string };
}

interface Point {
  readonly attributes?: readonly Attribute[];
  readonly startTimeUnixNano: string;
  readonly timeUnixNano: string;
  readonly asDouble?: number;
  readonly count?: string;
  readonly sum?: number;
  readonly bucketCounts?: readonly string[];
  readonly explicitBounds?: readonly number[];
}

interface Metric {
  readonly name: string;
  readonly gauge?: { readonly dataPoints: readonly Point[] };
  readonly sum?: {
    readonly dataPoints: readonly Point[];
    readonly aggregationTemporality: number;
    readonly isMonotonic: boolean;
  };
  readonly histogram?: { readonly dataPoints: readonly Point[]; readonly aggregationTemporality: number };
}

/** The constant of the protocol. */
const cumulative = 2;

class Receiver implements AsyncDisposable {
  readonly address: string;
  batchCount = 0;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  #last: Batch | undefined;

  private constructor(address: string) {
    this.address = address;
    this.#child = spawn(program, [address], { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  static async start(): Promise<Receiver> {
    const receiver = new Receiver(`127.0.0.1:${await freePort()}`);
    assert.equal((await receiver.#lines.next()).value, "ready");
    void receiver.#read();
    return receiver;
  }

  async #read(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#lines.next();
      if (done === true) return;
      this.#last = batchOf(value);
      this.batchCount++;
    }
  }

  last(): Batch {
    assert(this.#last !== undefined, "nothing was exported");
    return this.#last;
  }

  async until(holds: (series: Batch["series"]) => boolean): Promise<void> {
    const deadlineMs = performance.now() + waitMsMax;
    while (this.#last === undefined || !holds(this.#last.series)) {
      assert(
        performance.now() < deadlineMs,
        `not exported in time; the last export has ${JSON.stringify([...(this.#last?.series ?? [])])}`,
      );
      await pause(50);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 5_000);
    await exited;
    clearTimeout(timer);
  }
}

/** Throws if a series is there twice, a sum is not monotonic and cumulative, or a histogram does not add up. */
function batchOf(line: string): Batch {
  const [authorization = "", json = ""] = line.split("\t");
  const { resourceMetrics } = JSON.parse(json) as {
    readonly resourceMetrics: readonly {
      readonly resource: { readonly attributes: readonly Attribute[] };
      readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[];
    }[];
  };
  assert.equal(resourceMetrics.length, 1);
  const resource = recordOf(resourceMetrics[0]?.resource.attributes);
  const series = new Map<string, number>();
  const add = (name: string, value: number): void => {
    assert(!series.has(name), `${name} is there twice`);
    series.set(name, value);
  };
  for (const { name, gauge, sum, histogram } of resourceMetrics
    .flatMap((r) => r.scopeMetrics)
    .flatMap((s) => s.metrics)) {
    for (const point of gauge?.dataPoints ?? []) add(nameOf(name, recordOf(point.attributes)), point.asDouble ?? 0);
    for (const point of sum?.dataPoints ?? []) {
      assert.deepEqual([sum?.aggregationTemporality, sum?.isMonotonic], [cumulative, true], name);
      assert(BigInt(point.startTimeUnixNano) < BigInt(point.timeUnixNano), name);
      add(nameOf(name, recordOf(point.attributes)), point.asDouble ?? 0);
    }
    for (const {
      attributes,
      count = "0",
      sum: total = 0,
      bucketCounts = [],
      explicitBounds = [],
    } of histogram?.dataPoints ?? []) {
      assert.equal(histogram?.aggregationTemporality, cumulative, name);
      assert.equal(bucketCounts.length, explicitBounds.length + 1, name);
      assert.equal(
        bucketCounts.reduce((all, own) => all + Number(own), 0),
        Number(count),
        name,
      );
      add(nameOf(`${name}_count`, recordOf(attributes)), Number(count));
      add(nameOf(`${name}_sum`, recordOf(attributes)), total);
    }
  }
  return { authorization, resource, series };
}

function recordOf(attributes: readonly Attribute[] = []): Readonly<Record<string, string>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));
}
