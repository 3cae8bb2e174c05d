import { EngineError } from "../../engine/engine-error.ts";
import { consumerNotFound } from "../../model/consumer-errors.ts";
import { ServiceError } from "../../model/service-error.ts";
import { streamNotFound } from "../../model/stream-errors.ts";
import type { PushEvent } from "../../records/push-event.ts";
import type { StreamRevision } from "../../registry/stream-revision.ts";
import { followShard, type ShardPush } from "../../shards/follow-shard.ts";
import type { SubscriptionLease } from "../../shards/subscription-leases.ts";
import { encodeSequenceNumber } from "../../streams/positions/sequence-number.ts";
import type { Shard, StreamConsumer } from "../../streams/stream.ts";
import { toKmsError } from "../kms-error.ts";
import type { OperationContext } from "../operation-context.ts";
import { childShardOutputs } from "../shards/shard-output.ts";

/** API reference, SubscribeToShard: a subscription lasts up to 5 minutes, then the client subscribes again. */
const subscriptionMsMax = 300_000;

export interface Subscription {
  readonly revision: StreamRevision;
  readonly shard: Shard;
  readonly consumer: StreamConsumer;
  readonly from: bigint;
  readonly lease: SubscriptionLease;
}

/**
 * The events of one subscription. One signal ends it: the client is gone, the five minutes are over, another subscription
 * took over, or the consumer is deleted; the last two are thrown for the client.
 */
export async function* pushEvents(
  subscription: Subscription,
  context: OperationContext,
): AsyncGenerator<PushEvent, void> {
  const { revision, shard, from, lease } = subscription;
  const { shards, registry, clock, connection, latestEvents, caller } = context;
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, lease.signal, connection.signal]);
  clock.delay(subscriptionMsMax, signal).then(
    () => over.abort(),
    () => undefined,
  );
  void watchConsumer(subscription, context, over, signal);
  try {
    for await (const push of followShard(shards, { revision, shard, from, signal, memory: connection.pushMemory })) {
      const current = registry.current(revision) ?? revision;
      shards.traffic.countPush(current, shard.index, push, subscription.consumer.name);
      shards.counts.countPush(revision, shard.index, push, subscription.consumer.name);
      const make = () => eventOf(push, shard, clock.nowMs());
      const isShared = push.records.count > 0 && push.millisBehindLatest === 0;
      yield isShared
        ? latestEvents.share(`${revision.stream.id}/${shard.index}`, push, () => ({ ...make(), isShared }))
        : make();
    }
    if (!signal.aborted) yield await lastEvent(subscription, context, signal);
    throwIfRefused(signal);
  } catch (error) {
    // The log of a stream that is being deleted may be gone a moment before its document says so.
    if (error instanceof EngineError && error.kind === "not_found") throw streamNotFound(revision.stream);
    throw toKmsError(error, { stream: revision.stream, caller, use: "read" });
  } finally {
    over.abort();
    lease.end();
  }
}

/**
 * The continuation is the number of the last record pushed, with the present second: it grows without data too, and
 * AFTER_SEQUENCE_NUMBER goes on behind that record.
 */
function eventOf({ next, records, millisBehindLatest }: ShardPush, shard: Shard, nowMs: number): PushEvent {
  const { createSecond, index: shardIndex } = shard;
  const second = Math.max(Math.floor(nowMs / 1000), createSecond);
  const continuation = encodeSequenceNumber({ createSecond, shardIndex, position: next - 1n, second });
  return { records, millisBehindLatest, continuationSequenceNumber: continuation.toString() };
}

/** The end of a closed shard: no continuation, but its children, which exist once the switch is written. */
async function lastEvent(
  { revision, shard }: Subscription,
  { registry }: OperationContext,
  signal: AbortSignal,
): Promise<PushEvent> {
  let current = registry.current(revision);
  while (current !== undefined && current.shard(shard.index)?.closed === undefined && !signal.aborted) {
    await registry.superseded(current, signal);
    current = registry.current(revision);
  }
  throwIfRefused(signal);
  if (current === undefined) throw streamNotFound(revision.stream);
  const records = { count: 0, dataBytes: 0, slices: [] };
  return { records, millisBehindLatest: 0, childShards: childShardOutputs(current.stream.shards, shard.index) };
}

/** Ends the subscription when its stream or its consumer goes. */
async function watchConsumer(
  { revision, consumer }: Subscription,
  { registry }: OperationContext,
  over: AbortController,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const current = registry.current(revision);
    if (current === undefined) return over.abort(streamNotFound(revision.stream));
    const present = current.stream.consumers?.find(
      ({ name, createdMs }) => name === consumer.name && createdMs === consumer.createdMs,
    );
    if (present?.status !== "ACTIVE") return over.abort(consumerNotFound(consumer.name, revision.stream.account));
    await registry.superseded(current, signal);
  }
}

/** Throws the error that a signal aborted with if it is for the client; any other end is no error. */
function throwIfRefused({ aborted, reason }: AbortSignal): void {
  if (aborted && reason instanceof ServiceError) throw reason;
}
