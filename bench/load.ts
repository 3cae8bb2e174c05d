/**
 * The load process: a closed loop over a fixed number of connections, apart from the server and from the judge.
 * Run as `node load.ts JOB`, a Job in JSON; prints a Measurement in JSON.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { countOf, nextIteratorOf, tellsTip } from "./answer-text.ts";
import { cpuSeconds, residentMiB } from "./process-figures.ts";
import { buildRequest, RawConnection } from "./raw-connection.ts";
import { quantile } from "./report.ts";
import type { Scenario } from "./scenarios.ts";

export interface Job {
  readonly scenario: Scenario;
  readonly port: number;
  readonly serverPid: number;
  readonly seconds: number;
}

export interface Measurement {
  readonly records: number;
  readonly failedRecords: number;
  readonly requests: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly residentMiB: number;
}

const streamName = "bench";
/** Different requests that are sent in turn, so that partition keys vary. */
const distinctRequests = 8;
const warmUpShare = 0.6;
/** A run also ends here, so that a fast server without a disk keeps within its memory. */
const payloadBytesMax = 1280 * 1024 * 1024;
const prefillRecords = 20_000;
const prefillMsMax = 2_500;
const readyMsMax = 10_000;

/** Sends one request and says how many records it moved; `failed` are those that the server refused. */
type Step = () => Promise<{ readonly moved: number; readonly failed: number; readonly ms: number }>;

interface Phase {
  readonly records: number;
  readonly failedRecords: number;
  readonly latenciesMs: number[];
  readonly seconds: number;
}

async function measure(job: Job): Promise<Measurement> {
  const { scenario } = job;
  const control = await RawConnection.open(job.port);
  const shardIds = await createStream(control, scenario.shards);
  if (scenario.operation === "GetRecords") await prefill(control, scenario);
  control.close();
  const connections = await Promise.all(
    Array.from({ length: scenario.connections }, () => RawConnection.open(job.port)),
  );
  const steps = connections.map((connection, index) =>
    scenario.operation === "GetRecords"
      ? readStep(connection, shardIds[index % shardIds.length] ?? "", scenario.recordsPerRequest)
      : putStep(connection, scenario),
  );
  const warmUp = await runPhase(steps, scenario, job.seconds * warmUpShare, payloadBytesMax * warmUpShare);
  const cpuBefore = cpuSeconds(job.serverPid);
  const left = payloadBytesMax - warmUp.records * scenario.recordBytes;
  const phase = await runPhase(steps, scenario, job.seconds, scenario.operation === "GetRecords" ? Infinity : left);
  const cpuAfter = cpuSeconds(job.serverPid);
  const resident = residentMiB(job.serverPid);
  for (const connection of connections) connection.close();
  phase.latenciesMs.sort((a, b) => a - b);
  return {
    records: phase.records,
    failedRecords: phase.failedRecords,
    requests: phase.latenciesMs.length,
    seconds: phase.seconds,
    cpuSeconds: cpuAfter - cpuBefore,
    p50Ms: quantile(phase.latenciesMs, 0.5),
    p99Ms: quantile(phase.latenciesMs, 0.99),
    residentMiB: resident,
  };
}

async function createStream(connection: RawConnection, shardCount: number): Promise<readonly string[]> {
  await connection.call("CreateStream", { StreamName: streamName, ShardCount: shardCount });
  const deadline = performance.now() + readyMsMax;
  for (;;) {
    const answer = (await connection.call("DescribeStream", { StreamName: streamName })) as {
      StreamDescription: { StreamStatus: string; Shards: { ShardId: string }[] };
    };
    if (answer.StreamDescription.StreamStatus === "ACTIVE") {
      return answer.StreamDescription.Shards.map((shard) => shard.ShardId);
    }
    if (performance.now() > deadline) throw new Error("the stream did not become ACTIVE");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Runs every connection's loop until the time is over and the last answer has come. */
async function runPhase(steps: readonly Step[], scenario: Scenario, seconds: number, bytesMax: number): Promise<Phase> {
  const latenciesMs: number[] = [];
  let records = 0;
  let failedRecords = 0;
  const begin = performance.now();
  const end = begin + seconds * 1000;
  await Promise.all(
    steps.map(async (step) => {
      while (performance.now() < end && records * scenario.recordBytes < bytesMax) {
        const { moved, failed, ms } = await step();
        records += moved;
        failedRecords += failed;
        latenciesMs.push(ms);
      }
    }),
  );
  return { records, failedRecords, latenciesMs, seconds: (performance.now() - begin) / 1000 };
}

function putStep(connection: RawConnection, scenario: Scenario): Step {
  const requests = Array.from({ length: distinctRequests }, () => putRequest(scenario));
  const count = scenario.recordsPerRequest;
  let turn = 0;
  return async () => {
    const request = requests[turn++ % distinctRequests] as Buffer;
    const begin = performance.now();
    const { status, body } = await connection.send(request);
    const ms = performance.now() - begin;
    if (status !== 200) return { moved: 0, failed: count, ms };
    // Some servers write the member for every record, with null.
    const failed = countOf(body, '"ErrorCode":"');
    return { moved: count - failed, failed, ms };
  };
}

function putRequest(scenario: Scenario): Buffer {
  const entry = () => ({ Data: randomBytes(scenario.recordBytes).toString("base64"), PartitionKey: randomUUID() });
  const input =
    scenario.operation === "PutRecord"
      ? { StreamName: streamName, ...entry() }
      : { StreamName: streamName, Records: Array.from({ length: scenario.recordsPerRequest }, entry) };
  return buildRequest(scenario.operation, JSON.stringify(input));
}

async function prefill(connection: RawConnection, scenario: Scenario): Promise<void> {
  const step = putStep(connection, { ...scenario, operation: "PutRecords", recordsPerRequest: 500 });
  const deadline = performance.now() + prefillMsMax;
  for (let stored = 0; stored < prefillRecords && performance.now() < deadline; ) stored += (await step()).moved;
}

function readStep(connection: RawConnection, shardId: string, limit: number): Step {
  let iterator: string | undefined;
  return async () => {
    if (iterator === undefined) {
      const input = { StreamName: streamName, ShardId: shardId, ShardIteratorType: "TRIM_HORIZON" };
      iterator = ((await connection.call("GetShardIterator", input)) as { ShardIterator: string }).ShardIterator;
    }
    const request = buildRequest("GetRecords", JSON.stringify({ ShardIterator: iterator, Limit: limit }));
    const begin = performance.now();
    const { status, body } = await connection.send(request);
    const ms = performance.now() - begin;
    if (status !== 200) throw new Error(`GetRecords answered ${status}: ${body.toString("utf8", 0, 300)}`);
    const moved = countOf(body, '"SequenceNumber"');
    iterator = moved === 0 || tellsTip(body) ? undefined : nextIteratorOf(body);
    return { moved, failed: 0, ms };
  };
}

try {
  console.log(JSON.stringify(await measure(JSON.parse(process.argv[2] ?? "") as Job)));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
