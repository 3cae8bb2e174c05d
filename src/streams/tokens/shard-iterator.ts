import type { TokenCipher } from "./token-cipher.ts";

/** API reference, GetShardIterator and ListShards: how long an iterator and a NextToken are valid. */
const tokenValidMs = 300_000;

/** A position in a shard, in the token that clients pass to GetRecords. It can be used any number of times while valid. */
export interface ShardIterator {
  readonly createdMs: number;
  readonly account: string;
  readonly region: string;
  readonly streamName: string;
  /** Distinguishes a stream from a later one of the same name. */
  readonly streamId: string;
  readonly shardIndex: number;
  /** The next record to read. */
  readonly position: bigint;
}

/*
 * createdMs 6 | shard index 4 | position 8 | stream id | account | region | stream name
 *
 * Each text follows one byte with its length. With a name of full length and an id of 36 bytes, a region may have 100 bytes
 * within the 512 characters of the API.
 */
const CREATED_MS_BYTES = 6;
const SHARD_INDEX_AT = CREATED_MS_BYTES;
const POSITION_AT = SHARD_INDEX_AT + 4;
const TEXTS_AT = POSITION_AT + 8;

export function encodeShardIterator(cipher: TokenCipher, iterator: ShardIterator): string {
  const { streamId, account, region, streamName } = iterator;
  const bytesMax = TEXTS_AT + 4 + 3 * (streamId.length + account.length + region.length + streamName.length);
  const payload = Buffer.allocUnsafe(bytesMax);
  payload.writeUIntBE(iterator.createdMs, 0, CREATED_MS_BYTES);
  payload.writeUInt32BE(iterator.shardIndex, SHARD_INDEX_AT);
  payload.writeBigUInt64BE(iterator.position, POSITION_AT);
  let at = TEXTS_AT;
  for (const text of [streamId, account, region, streamName]) {
    const byteCount = payload.write(text, at + 1);
    payload.writeUInt8(byteCount, at);
    at += 1 + byteCount;
  }
  return cipher.encrypt("iterator", payload.subarray(0, at));
}

/** Undefined for anything else than an iterator that was encrypted under the same token key. */
export function decodeShardIterator(cipher: TokenCipher, text: string): ShardIterator | undefined {
  const payload = cipher.decrypt("iterator", text);
  if (payload === undefined) return undefined;
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  let at = TEXTS_AT;
  const nextText = (): string => {
    const start = at + 1;
    at = start + bytes.readUInt8(at);
    return bytes.toString("utf8", start, at);
  };
  return {
    createdMs: bytes.readUIntBE(0, CREATED_MS_BYTES),
    shardIndex: bytes.readUInt32BE(SHARD_INDEX_AT),
    position: bytes.readBigUInt64BE(POSITION_AT),
    streamId: nextText(),
    account: nextText(),
    region: nextText(),
    streamName: nextText(),
  };
}

/** The two times in AWS's error for a token older than 300 s; undefined while it is valid. */
export function tokenExpiry(
  { createdMs }: { readonly createdMs: number },
  nowMs: number,
): { readonly createdMs: number; readonly nowMs: number } | undefined {
  return nowMs - createdMs > tokenValidMs ? { createdMs, nowMs } : undefined;
}
