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

/** Iterators in each half of those that are kept: some 0.5 KB each. */
const RECENT_COUNT_MAX = 2048;

/**
 * Makes and reads iterators. A reader hands back the one that it was given last, or the same one again: those that were
 * made or read last are kept, so that most are read without a decryption.
 */
export class ShardIterators {
  readonly #tokens: TokenCipher;
  #recent = new Map<string, ShardIterator>();
  #lessRecent = new Map<string, ShardIterator>();

  constructor(tokens: TokenCipher) {
    this.#tokens = tokens;
  }

  encode(iterator: ShardIterator): string {
    const text = this.#tokens.encrypt("iterator", payloadOf(iterator));
    this.#keep(text, iterator);
    return text;
  }

  /** Undefined for anything else than an iterator that was encrypted under the same token key. */
  decode(text: string): ShardIterator | undefined {
    const kept = this.#recent.get(text) ?? this.#lessRecent.get(text);
    if (kept !== undefined) return kept;
    const payload = this.#tokens.decrypt("iterator", text);
    if (payload === undefined) return undefined;
    const iterator = iteratorOf(payload);
    this.#keep(text, iterator);
    return iterator;
  }

  #keep(text: string, iterator: ShardIterator): void {
    if (this.#recent.size >= RECENT_COUNT_MAX) {
      this.#lessRecent = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(text, iterator);
  }
}

function payloadOf(iterator: ShardIterator): Buffer {
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
  return payload.subarray(0, at);
}

function iteratorOf(payload: Buffer): ShardIterator {
  let at = TEXTS_AT;
  const nextText = (): string => {
    const start = at + 1;
    at = start + payload.readUInt8(at);
    return payload.toString("utf8", start, at);
  };
  return {
    createdMs: payload.readUIntBE(0, CREATED_MS_BYTES),
    shardIndex: payload.readUInt32BE(SHARD_INDEX_AT),
    position: payload.readBigUInt64BE(POSITION_AT),
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
