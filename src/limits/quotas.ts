/** Quotas of accounts and streams. Each check throws LimitExceededException; without a table there is no quota. */

import { tooManyChannels } from "../model/channel-errors.ts";
import {
  tooManyConsumers,
  tooManyConsumersCreating,
  tooManyOnDemandStreams,
  tooManyStreamsCreating,
} from "../model/limit-errors.ts";
import { tooManyQueues, tooManyQueuesChanging } from "../model/queue-errors.ts";
import { type StreamPlace, shardLimitExceeded } from "../model/stream-errors.ts";
import type { Stream, StreamChannel } from "../streams/stream.ts";
import type { LimitsTable } from "./limits-table.ts";

interface AccountPlace {
  readonly account: string;
  readonly region: string;
}

/** Most open shards of all provisioned streams of an account in a region. */
export function shardCountMaxIn(table: Pick<LimitsTable, "shardCountMaxByRegion">, region: string): number {
  return limitIn(table.shardCountMaxByRegion, region);
}

/** Open shards up to which an on-demand stream in a region is scaled. */
export function onDemandShardCountMaxIn(
  table: Pick<LimitsTable, "onDemandShardCountMaxByRegion">,
  region: string,
): number {
  return limitIn(table.onDemandShardCountMaxByRegion, region);
}

function limitIn(byRegion: LimitsTable["shardCountMaxByRegion"], region: string): number {
  return (Object.hasOwn(byRegion, region) ? byRegion[region] : undefined) ?? byRegion.other;
}

/** `additional`: shards on top of the open ones; one for a split. */
export function checkShardCount(
  table: LimitsTable | undefined,
  place: AccountPlace,
  { openCount, additional }: { readonly openCount: number; readonly additional: number },
): void {
  if (table === undefined) return;
  const limit = shardCountMaxIn(table, place.region);
  if (openCount + additional > limit) throw shardLimitExceeded(place, { current: openCount, limit, additional });
}

/** For one more on-demand stream. `currentCount`: on-demand streams of the account in the region. */
export function checkOnDemandStreams(table: LimitsTable | undefined, place: AccountPlace, currentCount: number): void {
  if (table === undefined || currentCount < table.onDemandStreamCountMax) return;
  throw tooManyOnDemandStreams(place, { current: currentCount, limit: table.onDemandStreamCountMax });
}

/** For one more stream. Counts CREATING streams (API reference), although the error text names DELETING too. */
export function checkCreatingStreams(table: LimitsTable | undefined, account: string, creatingCount: number): void {
  if (table === undefined || creatingCount < table.creatingStreamCountMax) return;
  throw tooManyStreamsCreating(account, table.creatingStreamCountMax);
}

/** For one more consumer of a stream. `registeredCount` includes its queues; `isCommitted`: the account has the minimum throughput billing commitment. */
export function checkConsumers(
  table: LimitsTable | undefined,
  stream: StreamPlace,
  {
    registeredCount,
    creatingCount,
    isCommitted,
  }: { readonly registeredCount: number; readonly creatingCount: number; readonly isCommitted: boolean },
): void {
  if (table === undefined) return;
  const limit = isCommitted ? table.consumerCountMaxCommitted : table.consumerCountMax;
  if (registeredCount >= limit) throw tooManyConsumers(stream, { current: registeredCount, limit });
  if (creatingCount >= table.creatingConsumerCountMax) {
    throw tooManyConsumersCreating(stream, table.creatingConsumerCountMax);
  }
}

/**
 * For one more queue of a stream. `readerCount`: its consumers and queues, which share one quota. `changingCount`: queues of
 * the account in the region that are CREATING or DELETING.
 */
export function checkQueues(
  table: LimitsTable | undefined,
  stream: StreamPlace,
  {
    readerCount,
    changingCount,
    isCommitted,
  }: { readonly readerCount: number; readonly changingCount: number; readonly isCommitted: boolean },
): void {
  if (table === undefined) return;
  const limit = isCommitted ? table.consumerCountMaxCommitted : table.consumerCountMax;
  if (readerCount >= limit) throw tooManyQueues(stream, { current: readerCount, limit });
  if (changingCount >= table.changingQueueCountMax) {
    throw tooManyQueuesChanging(stream.account, table.changingQueueCountMax);
  }
}

/** For one more channel of a stream into a destination of a kind. */
export function checkChannels(
  table: LimitsTable | undefined,
  stream: Stream,
  kind: StreamChannel["destination"]["kind"],
): void {
  if (table === undefined) return;
  const count = (stream.channels ?? []).filter(({ destination }) => destination.kind === kind).length;
  const limit = table.streamChannelCountMax;
  if (count >= limit) throw tooManyChannels(stream, kind === "bucket" ? "a bucket" : "a table", limit);
}
