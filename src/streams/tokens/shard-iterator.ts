import type { TokenCipher } from "./token-cipher.ts";

/** API reference, GetShardIterator and ListShards: life of an iterator and of a NextToken. */
const tokenLifeMs = 300_000;

/** A place in a shard, as a client carries it. It may be read from any number of times while it lives. */
export interface ShardIterator {
  readonly createdMs: number;
  readonly account: string;
  readonly region: string;
  readonly streamName: string;
  /** Tells a stream from a later one of the same name. */
  readonly streamId: string;
  readonly shardIndex: number;
  /** The next record to read. */
  readonly position: bigint;
}

/*
 * createdMs 6 | shard index 4 | position 8 | then stream id, account, region, stream name, each behind one byte of length.
 * A full-length name with an id of 36 leaves room for a region of 100 bytes within the 512 characters of the API.
 */
const FIXED_BYTES = 18;

export function encodeShardIterator(cipher: TokenCipher, iterator: ShardIterator): string {
  const { streamId, account, region, streamName } = iterator;
  const texts = [streamId, account, region, streamName].map((text) => Buffer.from(text));
  const fixed = Buffer.alloc(FIXED_BYTES);
  fixed.writeUIntBE(iterator.createdMs, 0, 6);
  fixed.writeUInt32BE(iterator.shardIndex, 6);
  fixed.writeBigUInt64BE(iterator.position, 10);
  return cipher.encrypt("iterator", Buffer.concat([fixed, ...texts.flatMap((text) => [Buffer.of(text.length), text])]));
}

/** Undefined for anything that this server, or another one with the same master key, did not seal as an iterator. */
export function decodeShardIterator(cipher: TokenCipher, text: string): ShardIterator | undefined {
  const payload = cipher.decrypt("iterator", text);
  if (payload === undefined) return undefined;
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  let at = FIXED_BYTES;
  const nextText = (): string => {
    const start = at + 1;
    at = start + bytes.readUInt8(at);
    return bytes.toString("utf8", start, at);
  };
  return {
    createdMs: bytes.readUIntBE(0, 6),
    shardIndex: bytes.readUInt32BE(6),
    position: bytes.readBigUInt64BE(10),
    streamId: nextText(),
    account: nextText(),
    region: nextText(),
    streamName: nextText(),
  };
}

/** The two times of AWS's error once a token is older than `tokenLifeMs`; undefined while it is good. */
export function tokenExpiry(
  { createdMs }: { readonly createdMs: number },
  nowMs: number,
): { readonly createdMs: number; readonly nowMs: number } | undefined {
  return nowMs - createdMs > tokenLifeMs ? { createdMs, nowMs } : undefined;
}
