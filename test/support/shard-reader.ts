import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { EventMessages } from "./event-messages.ts";
import { headersFor } from "./kinesis-call.ts";

interface PushedRecord {
  readonly SequenceNumber: string;
  readonly PartitionKey: string;
  readonly Data: string;
}

interface PushedEvent {
  readonly Records: readonly PushedRecord[];
  readonly ContinuationSequenceNumber?: string;
  readonly MillisBehindLatest: number;
  readonly ChildShards?: readonly { readonly ShardId: string }[];
}

export interface Place {
  readonly endpoint: string;
  readonly consumerArn: string;
  readonly shardId: string;
}

/** One consumer at one shard, over HTTP/1.1: checks order while it reads, and goes on where it was after a break. */
export class ShardReader {
  /** Records read so far. */
  count = 0;
  readonly #hash = createHash("sha256");
  #last = 0n;
  readonly #place: Place;
  readonly #onEvent: () => void;
  children: readonly string[] | undefined;
  exception: string | undefined;
  /** Whether the connection broke before the end of the answer. */
  isCut = false;
  #request: ClientRequest | undefined;
  #continuation: string | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(place: Place, onEvent: () => void = () => undefined) {
    this.#place = place;
    this.#onEvent = onEvent;
  }

  /** Subscribes from the shard's start, or behind what was read before. Resolves when the answer has begun. */
  async subscribe(): Promise<void> {
    const { endpoint, consumerArn, shardId } = this.#place;
    const StartingPosition =
      this.#continuation === undefined
        ? { Type: "TRIM_HORIZON" }
        : { Type: "AFTER_SEQUENCE_NUMBER", SequenceNumber: this.#continuation };
    const body = JSON.stringify({ ConsumerARN: consumerArn, ShardId: shardId, StartingPosition });
    const sent = request(endpoint, { method: "POST", headers: headersFor("SubscribeToShard"), agent: false });
    sent.end(body);
    this.#request = sent;
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    assert.equal(response.statusCode, 200);
    this.#ended = this.#read(response);
  }

  /** Breaks the connection off, wherever it is. */
  async breakOff(): Promise<void> {
    this.#request?.destroy();
    await this.#ended;
  }

  /** SHA-256 of the sequence numbers and data of all records in the order read, a line each. */
  digest(): string {
    return this.#hash.copy().digest("hex");
  }

  get ended(): Promise<void> {
    return this.#ended;
  }

  async #read(response: IncomingMessage): Promise<void> {
    const messages = new EventMessages();
    let isFirst = true;
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        for (const { headers, payload } of messages.take(chunk)) {
          if (isFirst) assert.equal(headers.get(":event-type"), "initial-response");
          else if (headers.get(":message-type") === "exception") this.exception = headers.get(":exception-type");
          else this.#take(JSON.parse(payload.toString()) as PushedEvent);
          isFirst = false;
        }
      }
      assert.ok(messages.isAtBoundary, "a stream that ends does not cut a message");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ECONNRESET") throw error;
      this.isCut = true;
    }
    this.#onEvent();
  }

  #take(event: PushedEvent): void {
    for (const record of event.Records) {
      const sequenceNumber = BigInt(record.SequenceNumber);
      assert.ok(sequenceNumber > this.#last, `${sequenceNumber} came behind ${this.#last}`);
      this.#last = sequenceNumber;
      this.#hash.update(`${record.SequenceNumber} ${record.Data}\n`);
      this.count += 1;
    }
    if (event.ContinuationSequenceNumber !== undefined) this.#continuation = event.ContinuationSequenceNumber;
    if (event.ChildShards !== undefined) this.children = event.ChildShards.map(({ ShardId }) => ShardId);
    this.#onEvent();
  }
}
