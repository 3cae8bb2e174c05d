import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { ENCRYPTION_OVERHEAD_BYTES, type SessionCipher } from "../cipher/session-cipher.ts";
import { EngineError } from "../engine/engine-error.ts";
import type { AppendBatch, Entry, ShardRef } from "../engine/shard-log.ts";

/*
 * The body of an entry, version 2: one of version 1, packed. Integers are little-endian:
 *
 *   u8 version = 2 | u8 flags (bit 0: sealed, bit 1: compressed) | u16 reserved = 0
 *   u32 number of the stream's data key that it is sealed under; 0 when it is not sealed
 *   u32 bytes of the body of version 1
 *   then that body: first compressed as one zstd frame, then sealed as `cipher/session-cipher.ts` draws it
 *
 * A seal is bound to this header and to where the entry belongs:
 *
 *   header 12 | u32 shard index | u32 count of records | f64 timeMs | id of the stream in UTF-8
 */
const VERSION = 2;
const FLAG_SEALED = 1;
const FLAG_COMPRESSED = 2;
const HEADER_BYTES = 12;
const KEY_NUMBER_AT = 4;
const CLEAR_BYTES_AT = 8;
const STREAM_ID_AT = HEADER_BYTES + 16;

/** A body of version 1 has a header and a record, and is no larger than a request, which holds at most 10 MiB. */
const CLEAR_BYTES_MIN = 10;
const CLEAR_BYTES_MAX = 16 * 1024 * 1024;

/** Beginning to compress costs as much as going through 30 KiB: little is gained below this. */
const COMPRESS_BYTES_MIN = 256;

/** Where an entry belongs; what a seal binds it to. */
export interface EntryIdentity {
  readonly streamId: string;
  readonly shardIndex: number;
  readonly count: number;
  readonly timeMs: number;
}

export interface EntryEncoding {
  readonly compresses: boolean;
  /** Absent when entries are not sealed. */
  readonly seal?: { readonly cipher: SessionCipher; readonly keyNumber: number } | undefined;
}

/** Whether a stored body is packed. Everything else is read as version 1, which knows its own faults. */
export function isEncoded(body: Uint8Array): boolean {
  return body[0] === VERSION;
}

/** The number of the data key that a packed body is sealed under; undefined when it is not sealed. */
export function dataKeyIdOf(body: Uint8Array): number | undefined {
  const { flags, keyNumber } = headerOf(body);
  return (flags & FLAG_SEALED) === 0 ? undefined : keyNumber;
}

/** Bytes that a packed body takes once it is unpacked. */
export function plainBytesOf(body: Uint8Array): number {
  return headerOf(body).clearBytes;
}

/** What packing adds to a body at most. */
const PACKED_OVERHEAD_BYTES = HEADER_BYTES + ENCRYPTION_OVERHEAD_BYTES;

/** A request's bodies together, with their headers. */
const POOL_BYTES_MAX = 12 * 1024 * 1024;
const POOL_BYTES_MIN = 64 * 1024;

// As those that are laid out, one request's bodies are packed and appended without an await in between.
let pool = Buffer.alloc(0);
let bodyStarts = new Uint32Array(0);
let bodyBytes = new Uint32Array(0);

/**
 * A batch with its bodies as they are to be stored: compressed if that is asked for and makes them smaller, sealed if
 * there is a key, else the very same. Packed bodies share a pool that the next call overwrites.
 */
export function encodeBatch(batch: AppendBatch, packing: EntryEncoding): AppendBatch {
  const { count, shards, shardOf, recordCounts, timesMs } = batch;
  let bytesMax = 0;
  for (let entry = 0; entry < count; entry++) bytesMax += (batch.bodyBytes[entry] as number) + PACKED_OVERHEAD_BYTES;
  const room = pooled(bytesMax);
  if (bodyStarts.length < count) {
    bodyStarts = new Uint32Array(count);
    bodyBytes = new Uint32Array(count);
  }
  for (let entry = 0, at = 0; entry < count; entry++) {
    const start = batch.bodyStarts[entry] as number;
    const clear = batch.bytes.subarray(start, start + (batch.bodyBytes[entry] as number));
    const { streamId, shardIndex } = shards[shardOf[entry] as number] as ShardRef;
    const place = {
      streamId,
      shardIndex,
      count: recordCounts[entry] as number,
      timeMs: timesMs[entry] as number,
    };
    const packed = pack(clear, packing, place, { room, at });
    bodyStarts[entry] = at;
    bodyBytes[entry] = packed;
    at += packed;
  }
  return { ...batch, bytes: room, bodyStarts, bodyBytes };
}

export function entryIdentityOf({ streamId, shardIndex }: ShardRef, { count, timeMs }: Entry): EntryIdentity {
  return { streamId, shardIndex, count, timeMs };
}

/** Writes the packed body, or the clear one when nothing is to be done, to `at` in `room`; returns its length. */
function pack(
  clear: Uint8Array,
  { compresses, seal }: EntryEncoding,
  place: EntryIdentity,
  { room, at }: { readonly room: Buffer; readonly at: number },
): number {
  const compressed = compresses ? compress(clear) : undefined;
  if (seal === undefined && compressed === undefined) {
    room.set(clear, at);
    return clear.length;
  }
  const payload = compressed ?? clear;
  const flags = (seal === undefined ? 0 : FLAG_SEALED) | (compressed === undefined ? 0 : FLAG_COMPRESSED);
  room.writeUInt32LE(VERSION | (flags << 8), at);
  room.writeUInt32LE(seal?.keyNumber ?? 0, at + KEY_NUMBER_AT);
  room.writeUInt32LE(clear.length, at + CLEAR_BYTES_AT);
  if (seal === undefined) room.set(payload, at + HEADER_BYTES);
  else seal.cipher.encryptInto(room, at + HEADER_BYTES, payload, boundBytes(room, at, place));
  return HEADER_BYTES + payload.length + (seal === undefined ? 0 : ENCRYPTION_OVERHEAD_BYTES);
}

/**
 * Undefined when nothing would be gained. At once and not in a thread: handing over costs more than it takes. Level 1 was
 * as small as level 3 on JSON, for less; a chunk as long as the input saves copies.
 */
function compress(clear: Uint8Array): Uint8Array | undefined {
  if (clear.length < COMPRESS_BYTES_MIN) return undefined;
  const params = { [constants.ZSTD_c_compressionLevel]: 1 };
  const compressed = zstdCompressSync(clear, { params, chunkSize: clear.length });
  return compressed.length + HEADER_BYTES < clear.length ? compressed : undefined;
}

function pooled(bytes: number): Buffer {
  if (bytes > POOL_BYTES_MAX) return Buffer.allocUnsafeSlow(bytes);
  if (pool.length < bytes) {
    const grown = Math.max(POOL_BYTES_MIN, 2 ** Math.ceil(Math.log2(bytes)));
    pool = Buffer.allocUnsafeSlow(Math.min(grown, POOL_BYTES_MAX));
  }
  return pool;
}

/**
 * The body of version 1 inside a packed one. `cipher` is that of the key that `dataKeyIdOf` names. Throws `EngineError`
 * of kind `corrupt` when the bytes are not, every one of them, what `pack` made for this very place.
 */
export function decodeEntry(body: Uint8Array, cipher: SessionCipher | undefined, place: EntryIdentity): Uint8Array {
  const { flags, clearBytes } = headerOf(body);
  let payload: Uint8Array = body.subarray(HEADER_BYTES);
  if ((flags & FLAG_SEALED) !== 0) {
    const opened = cipher?.decrypt(payload, boundBytes(body, 0, place));
    if (opened === undefined) throw corrupt(place, "its seal is broken");
    payload = opened;
  }
  if ((flags & FLAG_COMPRESSED) !== 0) payload = decompress(payload, clearBytes, place);
  if (payload.length !== clearBytes) throw corrupt(place, "it is not as long as it says");
  return payload;
}

function decompress(compressed: Uint8Array, clearBytes: number, place: EntryIdentity): Uint8Array {
  try {
    return zstdDecompressSync(compressed, { maxOutputLength: clearBytes, chunkSize: clearBytes });
  } catch (error) {
    throw corrupt(place, "it does not decompress", error);
  }
}

interface Header {
  readonly flags: number;
  readonly keyNumber: number;
  readonly clearBytes: number;
}

function headerOf(body: Uint8Array): Header {
  const view = Buffer.from(body.buffer, body.byteOffset, body.length);
  if (view.length < HEADER_BYTES) throw new EngineError("corrupt", "An entry's body ends inside its header.");
  const flags = view.readUInt8(1);
  const keyNumber = view.readUInt32LE(KEY_NUMBER_AT);
  const clearBytes = view.readUInt32LE(CLEAR_BYTES_AT);
  const isKnown = flags !== 0 && flags <= (FLAG_SEALED | FLAG_COMPRESSED) && view.readUInt16LE(2) === 0;
  const isRight =
    isKnown &&
    ((flags & FLAG_SEALED) !== 0) === keyNumber > 0 &&
    clearBytes >= CLEAR_BYTES_MIN &&
    clearBytes <= CLEAR_BYTES_MAX;
  if (view[0] !== VERSION || !isRight)
    throw new EngineError("corrupt", "An entry's body has a header that nobody writes.");
  return { flags, keyNumber, clearBytes };
}

// Sealing and opening are done at once, one entry after the other.
let bound = Buffer.alloc(STREAM_ID_AT);
let boundStreamId = "";

/** `at`: where the body begins, whose header is bound too. */
function boundBytes(body: Uint8Array, at: number, { streamId, shardIndex, count, timeMs }: EntryIdentity): Uint8Array {
  if (streamId !== boundStreamId) {
    bound = Buffer.concat([bound.subarray(0, STREAM_ID_AT), Buffer.from(streamId)]);
    boundStreamId = streamId;
  }
  for (let byte = 0; byte < HEADER_BYTES; byte++) bound[byte] = body[at + byte] as number;
  bound.writeUInt32LE(shardIndex, HEADER_BYTES);
  bound.writeUInt32LE(count, HEADER_BYTES + 4);
  bound.writeDoubleLE(timeMs, HEADER_BYTES + 8);
  return bound;
}

function corrupt({ streamId, shardIndex, timeMs }: EntryIdentity, why: string, cause?: unknown): EngineError {
  const sentence = `An entry of ${new Date(timeMs).toISOString()} in shard ${shardIndex} of stream ${streamId} cannot be opened: ${why}.`;
  return new EngineError("corrupt", sentence, { cause });
}
