import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { ENCRYPTION_OVERHEAD_BYTES, type SessionCipher } from "../cipher/session-cipher.ts";
import { EngineError } from "../engine/engine-error.ts";
import type { AppendBatch, Entry, ShardRef } from "../engine/shard-log.ts";
import { type Lease, messageBuffers } from "../memory/buffer-pool.ts";

/*
 * The body of an entry, version 2: one of version 1, encoded. Integers are little-endian:
 *
 *   u8 version = 2 | u8 flags (bit 0: encrypted, bit 1: compressed) | u16 reserved = 0
 *   u32 number of the stream's data key that it is encrypted under; 0 when it is not encrypted
 *   u32 bytes of the body of version 1
 *   then that body: first compressed as one zstd frame, then encrypted as `cipher/session-cipher.ts` draws it
 *
 * The ciphertext is bound to this header and to where the entry belongs (the additional data of AES-GCM):
 *
 *   header 12 | u32 shard index | u32 count of records | f64 timeMs | id of the stream in UTF-8
 */
const VERSION = 2;
const VERSION_AT = 0;
const FLAGS_AT = VERSION_AT + 1;
const FLAG_ENCRYPTED = 1;
const FLAG_COMPRESSED = 2;
const RESERVED_AT = FLAGS_AT + 1;
const KEY_NUMBER_AT = RESERVED_AT + 2;
const PLAIN_BYTES_AT = KEY_NUMBER_AT + 4;
const HEADER_BYTES = PLAIN_BYTES_AT + 4;

const SHARD_INDEX_AT = HEADER_BYTES;
const COUNT_AT = SHARD_INDEX_AT + 4;
const TIME_AT = COUNT_AT + 4;
const STREAM_ID_AT = TIME_AT + 8;

/** A body of version 1 has a header and a record, and is no larger than a request, which holds at most 10 MiB. */
const PLAIN_BYTES_MIN = 10;
const PLAIN_BYTES_MAX = 16 * 1024 * 1024;

/** Smaller bodies are not compressed: little would be gained for the cost of beginning. */
const COMPRESS_BYTES_MIN = 256;

/** Where an entry belongs; what its ciphertext is bound to. */
export interface EntryIdentity {
  readonly streamId: string;
  readonly shardIndex: number;
  readonly count: number;
  readonly timeMs: number;
}

/** A stream's data key, ready for use. */
export interface EntryKey {
  readonly cipher: SessionCipher;
  readonly keyNumber: number;
}

export interface EntryEncoding {
  readonly compresses: boolean;
  /** Absent when entries are not encrypted. */
  readonly key?: EntryKey | undefined;
}

/** Whether a stored body is of version 2. Everything else is read as version 1, which knows its own faults. */
export function isEncoded(body: Uint8Array): boolean {
  return body[VERSION_AT] === VERSION;
}

/** The number of the data key that an encoded body is encrypted under; undefined when it is not encrypted. */
export function keyNumberOf(body: Uint8Array): number | undefined {
  const { flags, keyNumber } = readHeader(body);
  return (flags & FLAG_ENCRYPTED) === 0 ? undefined : keyNumber;
}

/** Bytes that an encoded body takes once it is decoded. */
export function decodedLengthOf(body: Uint8Array): number {
  return readHeader(body).plainBytes;
}

/** What encoding adds to a body at most. */
const OVERHEAD_BYTES_MAX = HEADER_BYTES + ENCRYPTION_OVERHEAD_BYTES;

export interface EncodedBatch {
  readonly batch: AppendBatch;
  /** The memory of the encoded bodies; the caller's to dispose of. */
  readonly lease: Lease;
}

/**
 * A batch with its bodies as they are to be stored: compressed if that is asked for and makes them smaller, encrypted if
 * there is a key, else unchanged.
 */
export function encodeBatch(batch: AppendBatch, encoding: EntryEncoding): EncodedBatch {
  const { count, shards, shardOf, recordCounts, timesMs } = batch;
  let bytesMax = 0;
  for (let entry = 0; entry < count; entry++) bytesMax += (batch.bodyBytes[entry] as number) + OVERHEAD_BYTES_MAX;
  const lease = messageBuffers.take(bytesMax);
  const bytes = lease.bytes;
  const bodyStarts = new Uint32Array(count);
  const bodyBytes = new Uint32Array(count);
  for (let entry = 0, at = 0; entry < count; entry++) {
    const start = batch.bodyStarts[entry] as number;
    const plain = batch.bytes.subarray(start, start + (batch.bodyBytes[entry] as number));
    const { streamId, shardIndex } = shards[shardOf[entry] as number] as ShardRef;
    const identity = {
      streamId,
      shardIndex,
      count: recordCounts[entry] as number,
      timeMs: timesMs[entry] as number,
    };
    const length = encodeEntry(plain, encoding, identity, { out: bytes, at });
    bodyStarts[entry] = at;
    bodyBytes[entry] = length;
    at += length;
  }
  return { batch: { ...batch, bytes, bodyStarts, bodyBytes }, lease };
}

export function entryIdentityOf({ streamId, shardIndex }: ShardRef, { count, timeMs }: Entry): EntryIdentity {
  return { streamId, shardIndex, count, timeMs };
}

/** Writes the encoded body, or the plain one when nothing is to be done, to `at` in `out`; returns its length. */
function encodeEntry(
  plain: Uint8Array,
  { compresses, key }: EntryEncoding,
  identity: EntryIdentity,
  { out, at }: { readonly out: Buffer; readonly at: number },
): number {
  const compressed = compresses ? compress(plain) : undefined;
  if (key === undefined && compressed === undefined) {
    out.set(plain, at);
    return plain.length;
  }
  const payload = compressed ?? plain;
  out[at + VERSION_AT] = VERSION;
  out[at + FLAGS_AT] = (key === undefined ? 0 : FLAG_ENCRYPTED) | (compressed === undefined ? 0 : FLAG_COMPRESSED);
  out.writeUInt16LE(0, at + RESERVED_AT);
  out.writeUInt32LE(key?.keyNumber ?? 0, at + KEY_NUMBER_AT);
  out.writeUInt32LE(plain.length, at + PLAIN_BYTES_AT);
  if (key === undefined) {
    out.set(payload, at + HEADER_BYTES);
    return HEADER_BYTES + payload.length;
  }
  key.cipher.encryptInto(out, at + HEADER_BYTES, payload, additionalData.of(out, at, identity));
  return HEADER_BYTES + payload.length + ENCRYPTION_OVERHEAD_BYTES;
}

/** Undefined when nothing would be gained. Not in a thread: handing over costs more than it takes. */
function compress(plain: Uint8Array): Uint8Array | undefined {
  if (plain.length < COMPRESS_BYTES_MIN) return undefined;
  // Level 1 makes JSON as small as level 3 does; a chunk as long as the input saves copies.
  const params = { [constants.ZSTD_c_compressionLevel]: 1 };
  const compressed = zstdCompressSync(plain, { params, chunkSize: plain.length });
  return compressed.length + HEADER_BYTES < plain.length ? compressed : undefined;
}

/**
 * The body of version 1 inside an encoded one. `cipher` is that of the key that `dataKeyIdOf` names. Throws `EngineError`
 * of kind `corrupt` unless every byte is what `encodeBatch()` wrote for this very entry.
 */
export function decodeEntry(body: Uint8Array, cipher: SessionCipher | undefined, identity: EntryIdentity): Uint8Array {
  const { flags, plainBytes } = readHeader(body);
  let payload: Uint8Array = body.subarray(HEADER_BYTES);
  if ((flags & FLAG_ENCRYPTED) !== 0) {
    const decrypted = cipher?.decrypt(payload, additionalData.of(body, 0, identity));
    if (decrypted === undefined) throw corrupt(identity, "its ciphertext was changed, or moved from another place");
    payload = decrypted;
  }
  if ((flags & FLAG_COMPRESSED) !== 0) payload = decompress(payload, plainBytes, identity);
  if (payload.length !== plainBytes) throw corrupt(identity, "it is not as long as its header says");
  return payload;
}

function decompress(compressed: Uint8Array, plainBytes: number, identity: EntryIdentity): Uint8Array {
  try {
    return zstdDecompressSync(compressed, { maxOutputLength: plainBytes, chunkSize: plainBytes });
  } catch (error) {
    throw corrupt(identity, "it does not decompress", error);
  }
}

interface Header {
  readonly flags: number;
  readonly keyNumber: number;
  readonly plainBytes: number;
}

function readHeader(body: Uint8Array): Header {
  const view = Buffer.from(body.buffer, body.byteOffset, body.length);
  if (view.length < HEADER_BYTES) throw new EngineError("corrupt", "An entry's body ends inside its header.");
  const flags = view.readUInt8(FLAGS_AT);
  const keyNumber = view.readUInt32LE(KEY_NUMBER_AT);
  const plainBytes = view.readUInt32LE(PLAIN_BYTES_AT);
  const isKnown = flags !== 0 && flags <= (FLAG_ENCRYPTED | FLAG_COMPRESSED) && view.readUInt16LE(RESERVED_AT) === 0;
  const isValid =
    isKnown &&
    ((flags & FLAG_ENCRYPTED) !== 0) === keyNumber > 0 &&
    plainBytes >= PLAIN_BYTES_MIN &&
    plainBytes <= PLAIN_BYTES_MAX;
  if (view[VERSION_AT] !== VERSION || !isValid) {
    throw new EngineError("corrupt", "An entry's body has an invalid header: its bytes were changed in storage.");
  }
  return { flags, keyNumber, plainBytes };
}

/** What a ciphertext is bound to, in one buffer: encryption is synchronous, one entry after the other. */
class AdditionalData {
  #bytes = Buffer.alloc(STREAM_ID_AT);
  #streamId = "";

  /** `at` is where the body begins, whose header is bound too. Valid until the next call. */
  of(body: Uint8Array, at: number, { streamId, shardIndex, count, timeMs }: EntryIdentity): Uint8Array {
    if (streamId !== this.#streamId) {
      this.#bytes = Buffer.concat([this.#bytes.subarray(0, STREAM_ID_AT), Buffer.from(streamId)]);
      this.#streamId = streamId;
    }
    const bytes = this.#bytes;
    for (let byte = 0; byte < HEADER_BYTES; byte++) bytes[byte] = body[at + byte] as number;
    bytes.writeUInt32LE(shardIndex, SHARD_INDEX_AT);
    bytes.writeUInt32LE(count, COUNT_AT);
    bytes.writeDoubleLE(timeMs, TIME_AT);
    return bytes;
  }
}

const additionalData = new AdditionalData();

function corrupt({ streamId, shardIndex, timeMs }: EntryIdentity, why: string, cause?: unknown): EngineError {
  const time = new Date(timeMs).toISOString();
  const sentence = `An entry of ${time} in shard ${shardIndex} of stream ${streamId} cannot be decoded: ${why}.`;
  return new EngineError("corrupt", sentence, { cause });
}
