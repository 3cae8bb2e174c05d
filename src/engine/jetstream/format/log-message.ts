import { crc32 } from "node:zlib";
import { EngineError } from "../../engine-error.ts";
import type { StoredEntry } from "../../shard-log.ts";

/*
 * The body of one JetStream message: the entries of one group commit of one shard. Little endian.
 *
 *   0  CRC-32 u32 of all bytes behind it | version u8 | 0 u8 | entry count u16
 *   8  session u64 | sequence of the session's previous message in this shard, or 0 f64 | when that was stored, ms f64
 *  32  for each entry of version 1: record count u16 | 0 u16 | body bytes u32 | timeMs f64 | body
 *      for each entry of version 2, which was copied from another engine:
 *      record count u16 | 0 u16 | body bytes u32 | timeMs f64 | position u64 | storedMs f64 | body
 */

const version = 1;
const copiedVersion = 2;
const checkedFrom = 4;
const versionAt = 4;
const entryCountAt = 6;
export const messageHeaderBytes = 32;
export const entryHeaderBytes = 16;
const copiedHeaderBytes = entryHeaderBytes + 16;

/**
 * A message numbers its records: the first one has the position `sequence * recordsPerMessageMax`. So positions of a shard
 * increase and are not dense. Copied entries bring their positions along.
 */
export const recordsPerMessageMax = 4096;
const positionsPerMessage = BigInt(recordsPerMessageMax);

/** An entry on its way into a message. */
export interface EntryBytes {
  readonly count: number;
  readonly timeMs: number;
  readonly body: Uint8Array;
  /** What a copied entry keeps. All entries of a message have it, or none. */
  readonly copied?: Pick<StoredEntry, "position" | "storedMs">;
}

/** Where the message before this one of the same writer is, so that a reader notices when it was not given that one. */
export interface ChainLink {
  readonly session: bigint;
  /** 0: the session's first message in this shard. */
  readonly previousSequence: number;
  readonly previousMs: number;
}

export interface LogMessage {
  readonly sequence: number;
  readonly link: ChainLink;
  readonly isCopied: boolean;
  /** One past the last record. */
  readonly end: bigint;
  readonly entries: readonly StoredEntry[];
}

export function positionOf(sequence: number, recordIndex = 0): bigint {
  return BigInt(sequence) * positionsPerMessage + BigInt(recordIndex);
}

/** The sequence of the message that contains a position, or would. */
export function sequenceOf(position: bigint): number {
  return position < 0n ? 0 : Number(position / positionsPerMessage);
}

export function encodeLogMessage(entries: readonly EntryBytes[], link: ChainLink): Uint8Array {
  const isCopied = entries[0]?.copied !== undefined;
  const headerBytes = isCopied ? copiedHeaderBytes : entryHeaderBytes;
  const bodyBytes = entries.reduce((sum, { body }) => sum + headerBytes + body.length, 0);
  // Each byte of it is written.
  const bytes = Buffer.allocUnsafe(messageHeaderBytes + bodyBytes);
  bytes.writeUInt16LE(isCopied ? copiedVersion : version, versionAt);
  bytes.writeUInt16LE(entries.length, entryCountAt);
  bytes.writeBigUInt64LE(link.session, 8);
  bytes.writeDoubleLE(link.previousSequence, 16);
  bytes.writeDoubleLE(link.previousMs, 24);
  let at = messageHeaderBytes;
  for (const { count, timeMs, body, copied } of entries) {
    bytes.writeUInt16LE(count, at);
    bytes.writeUInt16LE(0, at + 2);
    bytes.writeUInt32LE(body.length, at + 4);
    bytes.writeDoubleLE(timeMs, at + 8);
    if (copied !== undefined) {
      bytes.writeBigUInt64LE(copied.position, at + 16);
      bytes.writeDoubleLE(copied.storedMs, at + 24);
    }
    bytes.set(body, at + headerBytes);
    at += headerBytes + body.length;
  }
  bytes.writeUInt32LE(crc32(bytes.subarray(checkedFrom)), 0);
  return bytes;
}

/** Undefined when the bytes are not what a gateway has written. Throws `corrupt` for a version that this program does not know. */
export function decodeLogMessage(data: Uint8Array, sequence: number, storedMs: number): LogMessage | undefined {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (bytes.length < messageHeaderBytes) return undefined;
  if (bytes.readUInt32LE(0) !== crc32(bytes.subarray(checkedFrom))) return undefined;
  const isCopied = bytes.readUInt8(versionAt) === copiedVersion;
  if (!isCopied && bytes.readUInt8(versionAt) !== version) throw unknownVersion(bytes.readUInt8(versionAt));
  const headerBytes = isCopied ? copiedHeaderBytes : entryHeaderBytes;
  const entries: StoredEntry[] = [];
  let end = positionOf(sequence);
  let at = messageHeaderBytes;
  for (let left = bytes.readUInt16LE(entryCountAt); left > 0; left--) {
    const count = bytes.readUInt16LE(at);
    const bodyAt = at + headerBytes;
    const bodyEnd = bodyAt + bytes.readUInt32LE(at + 4);
    const position = isCopied ? bytes.readBigUInt64LE(at + 16) : end;
    entries.push({
      position,
      count,
      timeMs: bytes.readDoubleLE(at + 8),
      storedMs: isCopied ? bytes.readDoubleLE(at + 24) : storedMs,
      body: bytes.subarray(bodyAt, bodyEnd),
    });
    end = position + BigInt(count);
    at = bodyEnd;
  }
  const link = {
    session: bytes.readBigUInt64LE(8),
    previousSequence: bytes.readDoubleLE(16),
    previousMs: bytes.readDoubleLE(24),
  };
  return { sequence, link, isCopied, end, entries };
}

/** The body of the message that ends a sealed log: the last message before it with records. */
export interface LogEnd {
  readonly sequence: number;
  /** 0: the log is empty. */
  readonly lastSequence: number;
  readonly lastMs: number;
}

export function encodeLogEnd({ lastSequence, lastMs }: Omit<LogEnd, "sequence">): Uint8Array {
  const bytes = Buffer.alloc(16);
  bytes.writeDoubleLE(lastSequence, 0);
  bytes.writeDoubleLE(lastMs, 8);
  return bytes;
}

export function decodeLogEnd(data: Uint8Array, sequence: number): LogEnd {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return bytes.length < 16
    ? { sequence, lastSequence: 0, lastMs: 0 }
    : { sequence, lastSequence: bytes.readDoubleLE(0), lastMs: bytes.readDoubleLE(8) };
}

function unknownVersion(found: number): EngineError {
  return new EngineError(
    "corrupt",
    `A record message has version ${found}, which this version of Millrace does not know; a newer gateway has written it.`,
  );
}
