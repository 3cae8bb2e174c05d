/** Puts and drains for `volume.ts`: closed loops over connections, records of 1 KiB of random bytes. */
import { randomBytes, randomUUID } from "node:crypto";
import { countOf, textMember } from "./answer-text.ts";
import { cpuSeconds } from "./process-figures.ts";
import { bytesOf, RawConnection } from "./raw-connection.ts";
import type { RunningServer } from "./server-process.ts";
import { StreamCaller } from "./steps.ts";
import { plainWire, prepareRequest } from "./wire.ts";

export const recordBytes = 1024;
const recordsPerRequest = 500;
const connections = 4;
/** Different requests of each connection, sent in turn. */
const distinctRequests = 8;
const readyMsMax = 60_000;
/** The server is idle when it takes less than a twentieth of a core for so long. */
const idleMs = 1_000;
const idleShare = 0.05;
const settleMsMax = 300_000;

/** Streams bear names of one length, so that a request can be sent to any of them. */
export function streamNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `volume-${String(index).padStart(5, "0")}`);
}

export async function createStreams(port: number, names: readonly string[], shards: number): Promise<void> {
  const connection = await RawConnection.open(port, plainWire);
  const caller = new StreamCaller(connection, plainWire);
  for (const StreamName of names) await caller.call("CreateStream", { StreamName, ShardCount: shards });
  const deadline = performance.now() + readyMsMax;
  for (const StreamName of names) {
    while (!(await isActive(caller, StreamName))) {
      if (performance.now() > deadline) throw new Error(`${StreamName} did not become ACTIVE`);
      await pause(20);
    }
  }
  connection.close();
}

async function isActive(caller: StreamCaller, StreamName: string): Promise<boolean> {
  const answer = (await caller.call("DescribeStreamSummary", { StreamName })) as {
    StreamDescriptionSummary: { StreamStatus: string };
  };
  return answer.StreamDescriptionSummary.StreamStatus === "ACTIVE";
}

export interface Window {
  readonly records: number;
  readonly seconds: number;
  readonly latenciesMs: readonly number[];
}

/** Requests made beforehand, and what sends them. */
export class Writer {
  readonly #names: readonly string[];
  readonly #requests: readonly (readonly Request[])[];
  #turn = 0;

  constructor(names: readonly string[]) {
    this.#names = names;
    this.#requests = Array.from({ length: connections }, () =>
      Array.from({ length: distinctRequests }, () => putRequest(names[0] ?? "")),
    );
  }

  /** Puts so many records, in turn into each stream. Refused ones are put again, as producers do, and are not counted. */
  async put(
    port: number,
    recordCount: number,
    onProgress: (records: number) => void = () => undefined,
  ): Promise<Window> {
    const latenciesMs: number[] = [];
    let records = 0;
    const begin = performance.now();
    await Promise.all(
      this.#requests.map(async (requests) => {
        const connection = await RawConnection.open(port, plainWire);
        for (let sent = 0; records < recordCount; sent++) {
          const { bytes, nameAt } = requests[sent % distinctRequests] as Request;
          bytes.write(this.#names[this.#turn++ % this.#names.length] ?? "", nameAt, "latin1");
          const startMs = performance.now();
          const { status, body } = await connection.sendBytes(bytes);
          latenciesMs.push(performance.now() - startMs);
          if (status !== 200) throw new Error(`PutRecords answered ${status}: ${body.toString("utf8", 0, 300)}`);
          const isWhole = body.includes('"FailedRecordCount":0');
          records += isWhole ? recordsPerRequest : recordsPerRequest - countOf(body, '"ErrorCode":"');
          onProgress(records);
        }
        connection.close();
      }),
    );
    return { records, seconds: (performance.now() - begin) / 1000, latenciesMs };
  }
}

interface Request {
  readonly bytes: Buffer;
  /** Where the stream's name stands. */
  readonly nameAt: number;
}

function putRequest(StreamName: string): Request {
  const Records = Array.from({ length: recordsPerRequest }, () => ({
    Data: randomBytes(recordBytes).toString("base64"),
    PartitionKey: randomUUID(),
  }));
  const bytes = bytesOf(prepareRequest("PutRecords", { StreamName, Records }, plainWire));
  return { bytes, nameAt: bytes.indexOf(StreamName) };
}

/** Waits until the server has nothing to do any more, such as moving files into segments. */
export async function settle({ pid }: RunningServer): Promise<void> {
  const deadline = performance.now() + settleMsMax;
  for (;;) {
    const before = cpuSeconds(pid);
    await pause(idleMs);
    if (!(cpuSeconds(pid) - before > (idleMs / 1000) * idleShare)) return;
    if (performance.now() > deadline) throw new Error("the server does not come to rest");
  }
}

export interface Drain {
  readonly records: number;
  readonly seconds: number;
}

/** Reads pages of some shards of a stream from their beginning on, one shard after another. */
export async function drain(
  port: number,
  {
    streamName,
    shards,
    limit,
    pages,
  }: {
    readonly streamName: string;
    readonly shards: readonly number[];
    readonly limit: number;
    /** Pages of each shard. */
    readonly pages: number;
  },
): Promise<Drain> {
  const connection = await RawConnection.open(port, plainWire);
  let records = 0;
  let seconds = 0;
  for (const shard of shards) {
    let iterator = await iteratorAt(connection, streamName, shard);
    for (let page = 0; page < pages; page++) {
      const request = prepareRequest("GetRecords", { ShardIterator: iterator, Limit: limit }, plainWire);
      const begin = performance.now();
      const { status, body } = await connection.send(request);
      seconds += (performance.now() - begin) / 1000;
      if (status !== 200) throw new Error(`GetRecords answered ${status}: ${body.toString("utf8", 0, 300)}`);
      records += countOf(body, '"SequenceNumber"');
      iterator = textMember(body, "NextShardIterator", plainWire) ?? "";
    }
  }
  connection.close();
  return { records, seconds };
}

/** How long a reader waits for the first page of a shard's beginning, its iterator included, in ms. */
export async function firstReadMs(
  port: number,
  { streamName, shard, limit }: { readonly streamName: string; readonly shard: number; readonly limit: number },
): Promise<number> {
  const connection = await RawConnection.open(port, plainWire);
  const begin = performance.now();
  const ShardIterator = await iteratorAt(connection, streamName, shard);
  const request = prepareRequest("GetRecords", { ShardIterator, Limit: limit }, plainWire);
  const { status, body } = await connection.send(request);
  const ms = performance.now() - begin;
  connection.close();
  if (status !== 200 || countOf(body, '"SequenceNumber"') === 0) throw new Error("the first read found nothing");
  return ms;
}

async function iteratorAt(connection: RawConnection, StreamName: string, shard: number): Promise<string> {
  const ShardId = `shardId-${String(shard).padStart(12, "0")}`;
  const input = { StreamName, ShardId, ShardIteratorType: "TRIM_HORIZON" };
  return ((await new StreamCaller(connection, plainWire).call("GetShardIterator", input)) as { ShardIterator: string })
    .ShardIterator;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
