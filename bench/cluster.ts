/**
 * Measures gateways over three NATS servers beside publishing to the same servers without one, in turns of one run:
 *   npm run bench:cluster -- [--seconds 4] [--rounds 3]
 * Publishing sends the bytes of the gateway's messages, to as many subjects, with the same headers, so that both wait for the
 * same replication and syncing. Servers, gateways and load share the machine.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { connect, headers, type NatsConnection } from "@nats-io/transport-node";
import { activeConsumerArn, activeStreamArn, call } from "../test/support/kinesis-call.ts";
import { NatsServers } from "../test/support/nats-servers.ts";
import { ServerProcess } from "../test/support/start-server.ts";
import { cpuSeconds } from "./process-figures.ts";
import { RawConnection } from "./raw-connection.ts";
import { median } from "./report.ts";
import { subscribe } from "./subscriber.ts";
import { type PreparedRequest, plainWire, prepareRequest } from "./wire.ts";

const { values: flags } = parseArgs({
  options: { seconds: { type: "string", default: "4" }, rounds: { type: "string", default: "3" } },
});
const seconds = Number(flags.seconds);
const roundCount = Number(flags.rounds);
const StreamName = "bench";
const shardCount = 16;
const recordBytes = 1_024;
const recordsPerCall = 500;
/** PutRecords that the gateways get at a time, together. */
const batchesInFlight = 8;
const singlesInFlight = 32;
const distinctRequests = 8;
const pushPauseMs = 20;
const throttledMs = 20;
const warmupSeconds = 2;
/** What a record takes in a message beside its data: lengths, and a partition key. */
const recordOverheadBytes = 32;
/** The server's code for a fence of which another message is on its way. */
const fenceInFlight = 10_164;

interface Rate {
  readonly recordsPerSecond: number;
  /** CPU of the servers under load, us. */
  readonly cpuUsPerRecord: number;
}

interface Load {
  readonly inFlight: number;
  readonly recordsPerCall: number;
  /** Processes whose CPU counts. */
  readonly pids: readonly number[];
}

/** Calls `send` again and again, so many at a time, for the seconds of a turn. It resolves with the records that were refused. */
async function measure(load: Load, send: (worker: number) => Promise<number>, turnSeconds = seconds): Promise<Rate> {
  const cpu = (): number => load.pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const [cpuBefore, startMs] = [cpu(), performance.now()];
  let count = 0;
  const work = async (worker: number): Promise<void> => {
    while (performance.now() - startMs < turnSeconds * 1_000) {
      const refusedCount = await send(worker);
      count += load.recordsPerCall - refusedCount;
      // As a client that is throttled.
      if (refusedCount > 0) await pause(throttledMs);
    }
  };
  await Promise.all(Array.from({ length: load.inFlight }, (_, worker) => work(worker)));
  const tookSeconds = (performance.now() - startMs) / 1_000;
  return { recordsPerSecond: count / tookSeconds, cpuUsPerRecord: ((cpu() - cpuBefore) * 1e6) / count };
}

/** Publishes as a gateway does: an id, and a fence with one message on its way at a time. */
class RawPublisher implements AsyncDisposable {
  readonly connection: NatsConnection;
  #idCount = 0;

  private constructor(connection: NatsConnection) {
    this.connection = connection;
  }

  static async open(urls: readonly string[]): Promise<RawPublisher> {
    const connection = await connect({ servers: [...urls] });
    const stream = {
      name: "raw",
      subjects: ["raw.>"],
      num_replicas: 3,
      storage: "file",
      duplicate_window: 120_000_000_000,
      republish: { src: "raw.>", dest: "pushed.>" },
    };
    await connection.request("$JS.API.STREAM.CREATE.raw", JSON.stringify(stream), { timeout: 10_000 });
    return new RawPublisher(connection);
  }

  async publish(subject: string, data: Uint8Array): Promise<void> {
    const values = headers();
    this.#idCount += 1;
    values.set("Nats-Msg-Id", String(this.#idCount));
    values.set("Nats-Expected-Last-Subject-Sequence", "0");
    values.set("Nats-Expected-Last-Subject-Sequence-Subject", `raw.fence.${subject}`);
    for (;;) {
      const reply = await this.connection.request(`raw.${subject}`, data, { headers: values, timeout: 10_000 });
      const { error } = reply.json<{ readonly error?: { readonly err_code: number; readonly description: string } }>();
      if (error === undefined) return;
      if (error.err_code !== fenceInFlight) throw new Error(error.description);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.close();
  }
}

/** Sends prepared requests to servers, each worker over a connection of its own; worker 0 to the first server, and so on. */
class Clients implements Disposable {
  readonly #connections: readonly RawConnection[];

  private constructor(connections: readonly RawConnection[]) {
    this.#connections = connections;
  }

  static async open(servers: readonly ServerProcess[], count: number): Promise<Clients> {
    const opened = Array.from({ length: count }, (_, worker) => {
      return RawConnection.open((servers[worker % servers.length] as ServerProcess).port, { isTls: false });
    });
    return new Clients(await Promise.all(opened));
  }

  /** Resolves with how many records were throttled, as by an engine whose log is full. */
  async send(worker: number, request: PreparedRequest): Promise<number> {
    const { status, body } = await (this.#connections[worker] as RawConnection).send(request);
    const text = body.toString("utf8", 0, 300);
    const refusedCount = Number(/"FailedRecordCount":(\d+)/.exec(text)?.[1] ?? 0);
    const isThrottled = refusedCount === 0 || body.includes("ProvisionedThroughputExceededException");
    if (status !== 200 || !isThrottled) throw new Error(`answered ${status}: ${text}`);
    return refusedCount;
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection.close();
  }
}

function record() {
  return { Data: randomBytes(recordBytes).toString("base64"), PartitionKey: randomBytes(8).toString("hex") };
}

const batches = Array.from({ length: distinctRequests }, () => {
  const Records = Array.from({ length: recordsPerCall }, record);
  return prepareRequest("PutRecords", { StreamName, Records }, plainWire);
});
const singles = Array.from({ length: 16 * distinctRequests }, () => {
  return prepareRequest("PutRecord", { StreamName, ...record() }, plainWire);
});
const recordsPerMessage = recordsPerCall / shardCount;
const rawBatch = randomBytes(Math.round(recordsPerMessage * (recordBytes + recordOverheadBytes)));
const rawSingle = randomBytes(recordBytes + recordOverheadBytes);

async function createStream({ endpoint }: ServerProcess): Promise<string> {
  await call(endpoint, "CreateStream", { StreamName, ShardCount: shardCount });
  return await activeStreamArn(endpoint, StreamName);
}

/** What the servers get, over and over. */
interface PutLoad extends Omit<Load, "pids"> {
  readonly requests: readonly PreparedRequest[];
}

const batchLoad: PutLoad = { inFlight: batchesInFlight, recordsPerCall, requests: batches };
const singleLoad: PutLoad = { inFlight: singlesInFlight, recordsPerCall: 1, requests: singles };

async function put(servers: readonly ServerProcess[], load: PutLoad, turnSeconds = seconds): Promise<Rate> {
  using clients = await Clients.open(servers, load.inFlight);
  const { requests } = load;
  let count = 0;
  const send = (worker: number) => clients.send(worker, requests[count++ % requests.length] as PreparedRequest);
  return await measure({ ...load, pids: servers.map(({ pid }) => pid) }, send, turnSeconds);
}

/** From the publication to the subscriber, ms, one message after another. */
async function rawPushMs(raw: RawPublisher): Promise<number> {
  const ages: number[] = [];
  let sentMs = 0;
  const subscription = raw.connection.subscribe("pushed.push", {
    callback: () => void ages.push(performance.now() - sentMs),
  });
  await raw.connection.flush();
  await measure({ inFlight: 1, recordsPerCall: 1, pids: [] }, async () => {
    sentMs = performance.now();
    await Promise.all([raw.publish("push", rawSingle), pause(pushPauseMs)]);
    return 0;
  });
  subscription.unsubscribe();
  return median(ages);
}

/** From the put to the subscriber through one gateway, ms, one record after another. */
async function pushMs(gateway: ServerProcess, streamArn: string, round: number): Promise<number> {
  const { endpoint } = gateway;
  const consumerArn = await activeConsumerArn(endpoint, streamArn, `bench-${round}`);
  const ages: number[] = [];
  let sentMs = 0;
  const onRecord = (_: Buffer, atMs: number): void => void ages.push(atMs - sentMs);
  const stop = await subscribe(endpoint, { consumerArn, shardId: "shardId-000000000000", onRecord });
  using clients = await Clients.open([gateway], 1);
  // Hash key 0 is that of the first shard.
  const request = prepareRequest("PutRecord", { StreamName, ...record(), ExplicitHashKey: "0" }, plainWire);
  await measure({ inFlight: 1, recordsPerCall: 1, pids: [] }, async (worker) => {
    sentMs = performance.now();
    const [refusedCount] = await Promise.all([clients.send(worker, request), pause(pushPauseMs)]);
    return refusedCount;
  });
  stop();
  return median(ages);
}

await using servers = await NatsServers.start({ nodeCount: 3 });
const env = servers.environment;
const startGateway = (): Promise<ServerProcess> => ServerProcess.start({ args: ["--engine", "jetstream"], env });
await using first = await startGateway();
await using second = await startGateway();
await using embedded = await ServerProcess.start();
const streamArn = await createStream(first);
await createStream(embedded);
await using raw = await RawPublisher.open(servers.urls);
for (const targets of [[first, second], [embedded]]) {
  await put(targets, batchLoad, warmupSeconds);
  await put(targets, singleLoad, warmupSeconds);
}

console.log(`node ${process.version}, ${roundCount} rounds of ${seconds} s each, ${new Date().toISOString()}`);
const shares = { one: [] as number[], two: [] as number[], singles: [] as number[], cpu: [] as number[] };
const laterMs: number[] = [];
const perSecond = ({ recordsPerSecond }: Rate): string => `${recordsPerSecond.toFixed(0)} records/s`;
for (let round = 0; round < roundCount; round++) {
  const load = { inFlight: shardCount, recordsPerCall: recordsPerMessage, pids: [] };
  const rawRate = await measure(load, (worker) => raw.publish(`batch.${worker}`, rawBatch).then(() => 0));
  const one = await put([first], batchLoad);
  const two = await put([first, second], batchLoad);
  const own = await put([embedded], batchLoad);
  shares.one.push(one.recordsPerSecond / rawRate.recordsPerSecond);
  shares.two.push(two.recordsPerSecond / rawRate.recordsPerSecond);
  shares.cpu.push(one.cpuUsPerRecord / own.cpuUsPerRecord);
  console.log(
    `PutRecords ${recordsPerCall} x ${recordBytes} B over ${shardCount} shards: raw ${perSecond(rawRate)}, ` +
      `one gateway ${perSecond(one)}, two ${perSecond(two)}; CPU ${one.cpuUsPerRecord.toFixed(1)} us a record, ` +
      `embedded engine ${own.cpuUsPerRecord.toFixed(1)} us`,
  );
  const rawLoad = { inFlight: singlesInFlight, recordsPerCall: 1, pids: [] };
  const rawOne = await measure(rawLoad, (worker) => raw.publish(`single.${worker}`, rawSingle).then(() => 0));
  const single = await put([first], singleLoad);
  shares.singles.push(single.recordsPerSecond / rawOne.recordsPerSecond);
  console.log(`PutRecord c = ${singlesInFlight}: raw ${perSecond(rawOne)}, one gateway ${perSecond(single)}`);
  const [rawMs, ms] = [await rawPushMs(raw), await pushMs(first, streamArn, round)];
  laterMs.push(ms - rawMs);
  console.log(`push p50: raw ${rawMs.toFixed(2)} ms, one gateway ${ms.toFixed(2)} ms`);
}
console.log(
  `PutRecords / raw: one gateway ${median(shares.one).toFixed(2)}, two ${median(shares.two).toFixed(2)} (0.8)`,
);
console.log(`PutRecord / raw: ${median(shares.singles).toFixed(2)} (0.7)`);
console.log(`push - raw: ${median(laterMs).toFixed(2)} ms (1)`);
console.log(`CPU of PutRecords / embedded engine: ${median(shares.cpu).toFixed(2)} (1.5)`);
