import { md5 } from "@noble/hashes/legacy.js";
import type { ShardDescription } from "../api/shapes.ts";
import { toUtf8 } from "../decode/bytes.ts";

/** One shard as the page draws it. */
export interface Shard {
  readonly id: string;
  readonly index: number;
  readonly parents: readonly string[];
  /** Inclusive. */
  readonly start: bigint;
  /** Inclusive. */
  readonly end: bigint;
  readonly isOpen: boolean;
  readonly firstSequenceNumber: string;
  readonly lastSequenceNumber?: string;
  /** Ms since the epoch, where the server says it. */
  readonly createdMs?: number;
  readonly closedMs?: number;
}

/** Hash keys are numbers below this. */
export const hashKeyCount = 2n ** 128n;

export function shardIndexOf(shardId: string): number {
  return Number(/\d+$/.exec(shardId)?.[0] ?? -1);
}

export function shardIdOf(index: number): string {
  return `shardId-${String(index).padStart(12, "0")}`;
}

/** `times`: index, creation in seconds, closing in ms or null. */
export function shardsFrom(
  descriptions: readonly ShardDescription[],
  times: readonly (readonly [number, number, number | null])[] = [],
): readonly Shard[] {
  const timesOf = new Map(times.map(([index, createSecond, closedMs]) => [index, { createSecond, closedMs }]));
  return descriptions.map(({ ShardId, ParentShardId, AdjacentParentShardId, HashKeyRange, SequenceNumberRange }) => {
    const index = shardIndexOf(ShardId);
    const time = timesOf.get(index);
    const { StartingSequenceNumber, EndingSequenceNumber } = SequenceNumberRange;
    return {
      id: ShardId,
      index,
      parents: [ParentShardId, AdjacentParentShardId].filter((id) => id !== undefined),
      start: BigInt(HashKeyRange.StartingHashKey),
      end: BigInt(HashKeyRange.EndingHashKey),
      isOpen: EndingSequenceNumber === undefined,
      firstSequenceNumber: StartingSequenceNumber,
      ...(EndingSequenceNumber === undefined ? {} : { lastSequenceNumber: EndingSequenceNumber }),
      ...(time === undefined ? {} : { createdMs: time.createSecond * 1000 }),
      ...(time?.closedMs == null ? {} : { closedMs: time.closedMs }),
    };
  });
}

/** MD5 of the partition key, as the service routes records (API reference, PutRecord). */
export function hashKeyOf(partitionKey: string): bigint {
  return md5(toUtf8(partitionKey)).reduce((key, byte) => key * 256n + BigInt(byte), 0n);
}

/** The open shard that takes records of this hash key. */
export function shardAt(shards: readonly Shard[], hashKey: bigint): Shard | undefined {
  return shards.find(({ isOpen, start, end }) => isOpen && start <= hashKey && hashKey <= end);
}

/** Part of all hash keys, from 0 to 1. */
export function shareOf({ start, end }: Pick<Shard, "start" | "end">): number {
  return fractionOf(end - start + 1n);
}

/** A hash key, or a number of them, as a part of all. */
export function fractionOf(hashKey: bigint): number {
  return Number((hashKey * 1_000_000_000n) / hashKeyCount) / 1_000_000_000;
}

/** `12.5 %`, with as many digits as tell small shards apart. */
export function shareText(share: number): string {
  const percent = share * 100;
  return `${percent >= 10 ? percent.toFixed(1) : percent.toPrecision(2)} %`;
}
