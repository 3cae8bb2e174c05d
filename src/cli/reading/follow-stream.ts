import { setTimeout as pause } from "node:timers/promises";
import type { Kinesis } from "@aws-sdk/client-kinesis";
import { type ListedShard, listShards } from "../client/list-shards.ts";
import { type OnTrouble, retryTransient } from "../client/retry-transient.ts";
import { CommandError } from "../output/command-error.ts";
import type { StartPosition } from "../records/start-position.ts";
import { endRule, type StreamEnd } from "./end-rule.ts";
import { lacksChildren, nextShards } from "./shard-lineage.ts";
import type { ShardPage, ShardSource, ShardStart } from "./shard-source.ts";

export interface FollowOptions {
  readonly kinesis: Kinesis;
  readonly stream: string;
  readonly from: StartPosition;
  readonly end: StreamEnd;
  /** Reads these shards alone, without their children; all, if undefined. */
  readonly shardIds: readonly string[] | undefined;
  /** Goes on behind these sequence numbers, by shard id; the other shards begin at `from`. */
  readonly resumeAfter?: ReadonlyMap<string, string>;
  readonly source: ShardSource;
  readonly onTrouble: OnTrouble;
  /** Abort ends the reading without an error. */
  readonly signal: AbortSignal;
  /** The pages of a shard come in their order, those of its children later. Resolves when the next page may come. */
  readonly onPage: (shard: ListedShard, page: ShardPage) => Promise<void>;
}

/** How soon the children of a closed shard are looked for again, where the list did not have them. */
const listAgainMs = 500;

/**
 * Reads the shards of a stream at once, parents before children, and follows splits and merges. Resolves when all shards
 * have been read to the end that is asked for, or when the signal is aborted.
 */
export async function followStream(options: FollowOptions): Promise<void> {
  const failed = new AbortController();
  const stopped = AbortSignal.any([options.signal, failed.signal]);
  const running = new Map<string, Promise<void>>();
  try {
    await readAll(options, stopped, running);
  } catch (error) {
    if (!options.signal.aborted) throw error;
  } finally {
    failed.abort();
    await Promise.all(running.values());
  }
}

async function readAll(
  options: FollowOptions,
  stopped: AbortSignal,
  running: Map<string, Promise<void>>,
): Promise<void> {
  const { kinesis, stream, shardIds, onTrouble } = options;
  const list = () => retryTransient(() => listShards(kinesis, stream), { signal: stopped, onTrouble });
  // Once, so that a wrong address is told at once; later calls wait for a server that starts again.
  let shards = onlyWanted(await listShards(kinesis, stream), options);
  const state = { begun: new Set<string>(), finished: new Set(options.from.kind === "now" ? closedIds(shards) : []) };
  // Kept, because a promise that rejects while nothing waits for it would end the process.
  let failure: { readonly error: unknown } | undefined;
  const read = async (shard: ListedShard, isFirst: boolean): Promise<void> => {
    try {
      const isFinished = await readShard(shard, startOf(shard, options, isFirst), options, stopped);
      if (isFinished) state.finished.add(shard.id);
    } catch (error) {
      failure ??= { error };
    }
    running.delete(shard.id);
  };
  const begin = (isFirst: boolean): void => {
    for (const shard of nextShards(shards, state)) {
      state.begun.add(shard.id);
      running.set(shard.id, read(shard, isFirst));
    }
  };
  const waitsForChildren = (): boolean => shardIds === undefined && lacksChildren(shards, state);
  begin(true);
  while (running.size > 0 || waitsForChildren()) {
    if (waitsForChildren()) {
      shards = await list();
      begin(false);
    }
    // Until a shard ends, or the list may have the children that it did not have.
    const again = waitsForChildren() ? [pause(listAgainMs, undefined, { signal: stopped })] : [];
    if (running.size + again.length > 0) await Promise.race([...running.values(), ...again]);
    if (failure !== undefined) throw failure.error;
    begin(false);
  }
  if (failure !== undefined) throw failure.error;
}

function closedIds(shards: readonly ListedShard[]): readonly string[] {
  return shards.filter(({ endingSequenceNumber }) => endingSequenceNumber !== undefined).map(({ id }) => id);
}

/** Resolves with whether the shard is closed and has been read to its last record. */
async function readShard(
  shard: ListedShard,
  start: ShardStart,
  { source, end, onPage }: FollowOptions,
  stopped: AbortSignal,
): Promise<boolean> {
  const cut = endRule(end);
  for await (const page of source(shard.id, start, stopped)) {
    const { records, hasEnded } = cut(page);
    if (records.length > 0) await onPage(shard, { ...page, records });
    if (hasEnded) return false;
  }
  return true;
}

/** Throws CommandError for an unknown shard. */
function onlyWanted(shards: readonly ListedShard[], { shardIds, stream, from }: FollowOptions): readonly ListedShard[] {
  const unknown = shardIds?.find((id) => !shards.some((shard) => shard.id === id));
  if (unknown !== undefined) throw new CommandError(`the stream ${stream} has no shard ${unknown}`);
  const wanted = shardIds === undefined ? shards : shards.filter(({ id }) => shardIds.includes(id));
  if (from.kind === "sequence" && wanted.length !== 1) {
    throw new CommandError("--from with a sequence number needs the shard that it is of; add --shard ID");
  }
  return wanted;
}

function startOf({ id }: ListedShard, { from, resumeAfter }: FollowOptions, isFirst: boolean): ShardStart {
  const last = resumeAfter?.get(id);
  if (last !== undefined) return { Type: "AFTER_SEQUENCE_NUMBER", SequenceNumber: last };
  if (from.kind === "time") return { Type: "AT_TIMESTAMP", Timestamp: new Date(from.ms) };
  // Children have only records that came after what their parents were read for.
  if (from.kind === "oldest" || !isFirst) return { Type: "TRIM_HORIZON" };
  if (from.kind === "sequence") return { Type: "AT_SEQUENCE_NUMBER", SequenceNumber: from.sequenceNumber };
  return { Type: "LATEST" };
}
