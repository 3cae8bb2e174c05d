/** What one connection of the load does over and over, and the calls around it that are not measured. */
import { randomBytes, randomUUID } from "node:crypto";
import { countOf, isAtTip, textMember } from "./answer-text.ts";
import type { Scenario } from "./scenarios.ts";
import { blob, type Connection, type PreparedRequest, prepareRequest, type Wire } from "./wire.ts";

export const streamName = "bench";
/** Different requests that are sent in turn, so that partition keys vary. */
const distinctRequests = 8;
const readyMsMax = 10_000;

export interface Moved {
  readonly moved: number;
  /** Records that the server refused. */
  readonly failed: number;
  readonly ms: number;
}

export interface Step {
  /** One request, and how many records it moved. */
  run(): Promise<Moved>;
  close?(): void;
}

export interface StepOptions {
  readonly scenario: Scenario;
  readonly wire: Wire;
  /** Index of the connection. */
  readonly index: number;
  readonly shardIds: readonly string[];
}

export function makeStep(connection: Connection, { scenario, wire, index, shardIds }: StepOptions): Step {
  const shardId = shardIds[index % shardIds.length] ?? "";
  const turn = scenario.operation === "Mixed" ? mixedTurns[index % mixedTurns.length] : scenario.operation;
  switch (turn) {
    case "GetRecords":
      return readStep(connection, { wire, shardId, limit: scenario.recordsPerRequest });
    case "Poll":
      return pollStep(connection, { wire, shardId, limit: scenario.recordsPerRequest });
    case "PutRecord":
      return putStep(connection, wire, { ...scenario, recordsPerRequest: 1, streamName });
    case "PutRecords":
      return putStep(connection, wire, { ...scenario, streamName });
    default:
      throw new Error(`no step does ${turn}`);
  }
}

const mixedTurns = ["PutRecords", "PutRecord", "GetRecords", "PutRecord"] as const;

/** Calls that are not measured: JSON in, JSON out, and anything but 200 is an error. */
export class StreamCaller {
  readonly #connection: Connection;
  readonly #wire: Wire;

  constructor(connection: Connection, wire: Wire) {
    this.#connection = connection;
    this.#wire = wire;
  }

  async call(operation: string, input: object): Promise<unknown> {
    const { status, body } = await this.#connection.send(prepareRequest(operation, input, this.#wire));
    if (status !== 200) throw new Error(`${operation} answered ${status}: ${body.toString("utf8", 0, 300)}`);
    return body.length === 0 ? {} : JSON.parse(body.toString());
  }

  /** Returns the ids of its shards, the first hundred at least, once it is ACTIVE. */
  async createStream(name: string, shardCount: number): Promise<readonly string[]> {
    await this.call("CreateStream", { StreamName: name, ShardCount: shardCount });
    return this.#active(name);
  }

  async encryptStream(name: string): Promise<void> {
    await this.call("StartStreamEncryption", { StreamName: name, EncryptionType: "KMS", KeyId: "alias/aws/kinesis" });
    await this.#active(name);
  }

  putter(scenario: Pick<Scenario, "recordBytes" | "recordsPerRequest">, name: string): Step {
    return putStep(this.#connection, this.#wire, { ...scenario, streamName: name });
  }

  async #active(name: string): Promise<readonly string[]> {
    const deadline = performance.now() + readyMsMax;
    for (;;) {
      const answer = (await this.call("DescribeStream", { StreamName: name })) as {
        StreamDescription: { StreamStatus: string; Shards: { ShardId: string }[] };
      };
      if (answer.StreamDescription.StreamStatus === "ACTIVE") {
        return answer.StreamDescription.Shards.map((shard) => shard.ShardId);
      }
      if (performance.now() > deadline) throw new Error("the stream did not become ACTIVE");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

interface Put {
  readonly streamName: string;
  readonly recordBytes: number;
  readonly recordsPerRequest: number;
}

function putStep(connection: Connection, wire: Wire, put: Put): Step {
  const requests = Array.from({ length: distinctRequests }, () => putRequest(put, wire));
  const count = put.recordsPerRequest;
  // A quote cannot occur inside Data in JSON, and in CBOR the words do not come up by chance. Some servers write the
  // member for every record, with null.
  const needle = wire.codec === "json" ? '"ErrorCode":"' : "ErrorCode";
  let turn = 0;
  return {
    async run() {
      const request = requests[turn++ % distinctRequests] as PreparedRequest;
      const begin = performance.now();
      const { status, body } = await connection.send(request);
      const ms = performance.now() - begin;
      if (status !== 200) return { moved: 0, failed: count, ms };
      const failed = countOf(body, needle);
      return { moved: count - failed, failed, ms };
    },
  };
}

function putRequest({ streamName, recordBytes, recordsPerRequest }: Put, wire: Wire): PreparedRequest {
  const entry = () => ({ Data: blob(randomBytes(recordBytes), wire), PartitionKey: randomUUID() });
  if (recordsPerRequest === 1) return prepareRequest("PutRecord", { StreamName: streamName, ...entry() }, wire);
  const Records = Array.from({ length: recordsPerRequest }, entry);
  return prepareRequest("PutRecords", { StreamName: streamName, Records }, wire);
}

interface Read {
  readonly wire: Wire;
  readonly shardId: string;
  readonly limit: number;
}

type SendCall = (operation: string, input: object) => Promise<Buffer>;

function caller(connection: Connection, wire: Wire): SendCall {
  return async (operation, input) => {
    const { status, body } = await connection.send(prepareRequest(operation, input, wire));
    if (status !== 200) throw new Error(`${operation} answered ${status}: ${body.toString("utf8", 0, 300)}`);
    return body;
  };
}

async function iteratorAt(type: "LATEST" | "TRIM_HORIZON", send: SendCall, { wire, shardId }: Read): Promise<string> {
  const input = { StreamName: streamName, ShardId: shardId, ShardIteratorType: type };
  const iterator = textMember(await send("GetShardIterator", input), "ShardIterator", wire);
  if (iterator === undefined) throw new Error("GetShardIterator answered without an iterator");
  return iterator;
}

/** At the tip, with one iterator over and over, so that the load costs the same for each server. */
function pollStep(connection: Connection, read: Read): Step {
  const send = caller(connection, read.wire);
  let request: PreparedRequest | undefined;
  return {
    async run() {
      const ShardIterator = request === undefined ? await iteratorAt("LATEST", send, read) : "";
      request ??= prepareRequest("GetRecords", { ShardIterator, Limit: read.limit }, read.wire);
      const begin = performance.now();
      const { status, body } = await connection.send(request);
      if (status !== 200) throw new Error(`GetRecords answered ${status}: ${body.toString("utf8", 0, 300)}`);
      return { moved: 1, failed: 0, ms: performance.now() - begin };
    },
  };
}

/** From TRIM_HORIZON to the end of what is there, and again. */
function readStep(connection: Connection, read: Read): Step {
  const { wire, limit } = read;
  const send = caller(connection, wire);
  let iterator: string | undefined;
  return {
    async run() {
      iterator ??= await iteratorAt("TRIM_HORIZON", send, read);
      const begin = performance.now();
      const body = await send("GetRecords", { ShardIterator: iterator, Limit: limit });
      const ms = performance.now() - begin;
      const moved = countOf(body, wire.codec === "json" ? '"SequenceNumber"' : "SequenceNumber");
      const next = textMember(body, "NextShardIterator", wire);
      iterator = moved === 0 || isAtTip(body, wire) ? undefined : next;
      return { moved, failed: 0, ms };
    },
  };
}
