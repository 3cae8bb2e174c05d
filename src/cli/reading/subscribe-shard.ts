import { setTimeout as pause } from "node:timers/promises";
import type { Kinesis, SubscribeToShardEventStream } from "@aws-sdk/client-kinesis";
import { type OnTrouble, retryTransient } from "../client/retry-transient.ts";
import { type ShardPage, type ShardSource, streamRecord } from "./shard-source.ts";

export interface SubscribeOptions {
  readonly kinesis: Kinesis;
  readonly consumerArn: string;
  readonly onTrouble: OnTrouble;
}

/** A subscription may be renewed this long after the one before. */
const renewMs = 5_000;

/** Reads with SubscribeToShard. A subscription ends after five minutes, or with the connection; another one follows. */
export function subscribeToShards({ kinesis, consumerArn, onTrouble }: SubscribeOptions): ShardSource {
  return async function* (shardId, start, signal): AsyncGenerator<ShardPage> {
    let position = start;
    for (;;) {
      const begunMs = performance.now();
      const input = { ConsumerARN: consumerArn, ShardId: shardId, StartingPosition: position };
      const { EventStream } = await retryTransient(
        () => retryInUse(() => kinesis.subscribeToShard(input, { abortSignal: signal }), signal),
        { signal, onTrouble },
      );
      for await (const event of unbroken(EventStream ?? emptyEvents(), signal)) {
        const { Records = [], ContinuationSequenceNumber, MillisBehindLatest = 0 } = event;
        const records = Records.map((record) => streamRecord(shardId, record));
        yield { records, millisBehind: MillisBehindLatest };
        // The last event of a closed shard says nowhere to go on.
        if (!ContinuationSequenceNumber) return;
        position = { Type: "AFTER_SEQUENCE_NUMBER", SequenceNumber: ContinuationSequenceNumber };
      }
      if (position.Type === "LATEST") position = { Type: "AT_TIMESTAMP", Timestamp: new Date(Date.now() - renewMs) };
      await pause(Math.max(0, renewMs - (performance.now() - begunMs)), undefined, { signal });
    }
  };
}

/** The events of a subscription; ends where the connection breaks, because another subscription goes on there. */
async function* unbroken(events: AsyncIterable<SubscribeToShardEventStream>, signal: AbortSignal) {
  try {
    for await (const { SubscribeToShardEvent } of events) {
      if (SubscribeToShardEvent !== undefined) yield SubscribeToShardEvent;
    }
  } catch (error) {
    signal.throwIfAborted();
    const isGone = error instanceof Error && error.name === "ResourceNotFoundException";
    if (isGone) throw error;
  }
}

async function* emptyEvents(): AsyncGenerator<SubscribeToShardEventStream> {}

/** A new consumer is not ACTIVE at once, and an earlier subscription may hold the shard for some seconds. */
async function retryInUse<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const isInUse = error instanceof Error && error.name === "ResourceInUseException";
      if (!isInUse || attempt === 20) throw error;
      await pause(1_000, undefined, { signal });
    }
  }
}
