/**
 * The load process: a closed loop over a fixed number of connections, apart from the server and from the judge.
 * Run as `node load.ts JOB`, a Job in JSON; prints a Measurement in JSON.
 */

import { fillLog } from "./fill-log.ts";
import { openHttp2 } from "./http2-connection.ts";
import { type ProcessMetrics, processFigures, residentMiB } from "./process-figures.ts";
import { makePushStep } from "./push-step.ts";
import { RawConnection } from "./raw-connection.ts";
import { quantile } from "./report.ts";
import type { Scenario } from "./scenarios.ts";
import { makeStep, type Step, StreamCaller, streamName } from "./steps.ts";
import type { Connection, Wire } from "./wire.ts";

export interface Job {
  readonly scenario: Scenario;
  readonly wire: Wire;
  readonly isEncrypted: boolean;
  readonly port: number;
  readonly serverPid: number;
  /** Where the server keeps its files, if it does. */
  readonly dataDirectory?: string;
  readonly seconds: number;
}

export interface Measurement {
  readonly records: number;
  readonly failedRecords: number;
  readonly requests: number;
  readonly seconds: number;
  /** CPU seconds of all threads. */
  readonly cpuSeconds: number;
  readonly mainThreadCpuSeconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly residentMiB: number;
  /** What was handed to the storage layer. */
  readonly writtenBytes: number;
}

const warmUpShare = 0.6;
/**
 * Until a server's code has been compiled by what it runs into: ours took 20,000 small requests until one cost no less any
 * more, a floor 10,000. Neither a second of large requests nor one connection alone comes so far.
 */
const small = { requestsMin: 20_000, recordsMax: 5, connections: 32, secondsMax: 3 };
/** A run also ends here, so that a fast server without a disk keeps within its memory. */
const payloadBytesMax = 1280 * 1024 * 1024;

interface Phase {
  readonly records: number;
  readonly failedRecords: number;
  readonly latenciesMs: number[];
  readonly seconds: number;
}

async function measure(job: Job): Promise<Measurement> {
  const { scenario, wire, port } = job;
  const control = await RawConnection.open(port, { isTls: false });
  const caller = new StreamCaller(control, { ...wire, codec: "json" });
  const shardIds = await caller.createStream(streamName, scenario.shards);
  if (job.isEncrypted) await caller.encryptStream(streamName);
  if (scenario.readFrom !== undefined) await fillLog(caller, job);
  const connections = await open(job);
  const steps = await Promise.all(
    connections.map((connection, index) =>
      scenario.operation === "Push"
        ? makePushStep(connection, { scenario, wire, port })
        : makeStep(connection, { scenario, wire, index, shardIds }),
    ),
  );
  const warmUp = await warm(steps, job, shardIds);
  const before = processFigures(job.serverPid);
  const left = payloadBytesMax - warmUp.records * scenario.recordBytes;
  const bytesMax = scenario.operation === "GetRecords" ? Infinity : left;
  const phase = await runPhase(steps, scenario, { seconds: job.seconds, bytesMax });
  const after = processFigures(job.serverPid);
  const resident = residentMiB(job.serverPid);
  for (const step of steps) step.close?.();
  for (const connection of [control, ...connections]) connection.close();
  return { ...summarize(phase), ...difference(before, after), residentMiB: resident };
}

function summarize({ records, failedRecords, seconds, latenciesMs }: Phase) {
  latenciesMs.sort((a, b) => a - b);
  const [p50Ms, p99Ms] = [quantile(latenciesMs, 0.5), quantile(latenciesMs, 0.99)];
  return { records, failedRecords, requests: latenciesMs.length, seconds, p50Ms, p99Ms };
}

function difference(before: ProcessMetrics, after: ProcessMetrics): ProcessMetrics {
  return {
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    mainThreadCpuSeconds: after.mainThreadCpuSeconds - before.mainThreadCpuSeconds,
    writtenBytes: after.writtenBytes - before.writtenBytes,
  };
}

async function open({ scenario, wire, port }: Job): Promise<readonly Connection[]> {
  if (wire.http === "2") return openHttp2(port, scenario.connections);
  return Promise.all(Array.from({ length: scenario.connections }, () => RawConnection.open(port, wire)));
}

/**
 * The same for every server, and not measured. Puts and polls begin with many small requests, whatever the scenario: what
 * it measures is to be the code of a server that has run for a while, not the compiler's work.
 */
async function warm(steps: readonly Step[], job: Job, shardIds: readonly string[]): Promise<Phase> {
  const { scenario } = job;
  const bounds = { seconds: job.seconds * warmUpShare, bytesMax: payloadBytesMax * warmUpShare };
  if (!["PutRecord", "PutRecords", "Poll"].includes(scenario.operation)) return runPhase(steps, scenario, bounds);
  const recordsPerRequest = Math.min(scenario.recordsPerRequest, small.recordsMax);
  const smaller = { ...job, scenario: { ...scenario, recordsPerRequest, connections: small.connections } };
  const connections = await open(smaller);
  const many = connections.map((connection, index) => makeStep(connection, { ...smaller, index, shardIds }));
  const first = await runPhase(many, smaller.scenario, { ...small, seconds: 0, bytesMax: bounds.bytesMax });
  for (const connection of connections) connection.close();
  const second = await runPhase(steps, scenario, bounds);
  return { ...second, records: first.records + second.records };
}

interface Bounds {
  readonly seconds: number;
  readonly bytesMax: number;
  /** With `secondsMax`: goes on until there were so many, but no longer than that. */
  readonly requestsMin?: number;
  readonly secondsMax?: number;
}

/** Runs every connection's loop until the time is over and the last answer has come. */
async function runPhase(steps: readonly Step[], scenario: Scenario, bounds: Bounds): Promise<Phase> {
  const { seconds, bytesMax, requestsMin = 0, secondsMax = seconds } = bounds;
  const latenciesMs: number[] = [];
  let records = 0;
  let failedRecords = 0;
  const begin = performance.now();
  const end = begin + seconds * 1000;
  const lastEnd = begin + Math.max(seconds, secondsMax) * 1000;
  const goesOn = (): boolean => {
    const nowMs = performance.now();
    return nowMs < end || (latenciesMs.length < requestsMin && nowMs < lastEnd);
  };
  await Promise.all(
    steps.map(async (step) => {
      while (goesOn() && records * scenario.recordBytes < bytesMax) {
        const { moved, failed, ms } = await step.run();
        records += moved;
        failedRecords += failed;
        latenciesMs.push(ms);
      }
    }),
  );
  return { records, failedRecords, latenciesMs, seconds: (performance.now() - begin) / 1000 };
}

try {
  console.log(JSON.stringify(await measure(JSON.parse(process.argv[2] ?? "") as Job)));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
