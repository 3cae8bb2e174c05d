import { crc32 } from "node:zlib";
import type { VersionedDocument } from "../../document-store.ts";
import type { ContentAccess } from "../directory/content-cipher.ts";
import { directoryIdBytes } from "../format/format-file.ts";
import { dataViewOf, readU64, u64At, writeU64 } from "../io/uint64.ts";
import { EngineState } from "./engine-state.ts";
import { LogState } from "./log-state.ts";

/*
 * A snapshot file: all shard logs and documents as of one LSN, without entries. Little-endian; docs/file-format.md section 5.
 *
 *   "MRSNAPSH" | u32 version | u32 zero | directory id 16 | u64 LSN | u64 revision | u64 next log id
 *   u64 oldest generation | u32 count of logs | u32 count of documents | logs | documents
 *   u32 CRC of all before it, begun with the directory's seed
 *   a log:       u64 log id | u32 shard index | u32 flags | u64 tip | f64 last storedMs | f64 retention in ms
 *                stream id | operation id of the seal
 *   a document:  u64 revision | key | value
 *
 * Ids, keys and values are a u32 length and as many bytes. In version 2 logs and documents are encrypted, bound to all bytes
 * before them.
 */
const magic = Buffer.from("MRSNAPSH", "latin1");
const magicOffset = 0;
const versionOffset = magicOffset + magic.length;
const reservedOffset = versionOffset + 4;
const directoryIdOffset = reservedOffset + 4;
const lsnOffset = directoryIdOffset + directoryIdBytes;
const revisionOffset = lsnOffset + 8;
const nextLogIdOffset = revisionOffset + 8;
const oldestGenerationOffset = nextLogIdOffset + 8;
const logCountOffset = oldestGenerationOffset + 8;
const documentCountOffset = logCountOffset + 4;
const headerBytes = documentCountOffset + 4;
export const snapshotChecksumBytes = 4;

const logIdOffset = 0;
const logShardIndexOffset = logIdOffset + 8;
const logFlagsOffset = logShardIndexOffset + 4;
const logTipOffset = logFlagsOffset + 4;
const logStoredMsOffset = logTipOffset + 8;
const logRetentionOffset = logStoredMsOffset + 8;
const logFixedBytes = logRetentionOffset + 8;

const revisionBytes = 8;
const lengthBytes = 4;

const plainVersion = 1;
const encryptedVersion = 2;
const flagSealed = 1;
const lsnDigits = 16;
const namePattern = new RegExp(`^[0-9]{${lsnDigits}}\\.snapshot$`);

export interface Snapshot {
  readonly state: EngineState;
  /** The oldest WAL file that must exist. */
  readonly oldestGeneration: number;
}

export function snapshotName(lsn: number): string {
  return `${String(lsn).padStart(lsnDigits, "0")}.snapshot`;
}

/** The LSN in the name of a snapshot file; undefined for any other name. */
export function lsnOfName(name: string): number | undefined {
  return namePattern.test(name) ? Number.parseInt(name, 10) : undefined;
}

export function encodeSnapshot(
  { state, oldestGeneration }: Snapshot,
  { identity, cipher }: Pick<ContentAccess, "identity" | "cipher">,
): Buffer {
  const header = Buffer.alloc(headerBytes);
  magic.copy(header, magicOffset);
  header.writeUInt32LE(cipher === undefined ? plainVersion : encryptedVersion, versionOffset);
  identity.directoryId.copy(header, directoryIdOffset);
  writeU64(header, state.lsn, lsnOffset);
  writeU64(header, state.revision, revisionOffset);
  writeU64(header, state.nextLogId, nextLogIdOffset);
  writeU64(header, oldestGeneration, oldestGenerationOffset);
  header.writeUInt32LE(state.logs.size, logCountOffset);
  header.writeUInt32LE(state.documents.size, documentCountOffset);
  const parts: Uint8Array[] = [];
  for (const log of state.logs.values()) parts.push(...encodeLog(log));
  for (const document of state.documents.values()) parts.push(...encodeDocument(document));
  const body = cipher === undefined ? parts : [cipher.encrypt(Buffer.concat(parts), header)];
  const bytes = Buffer.concat([header, ...body, Buffer.alloc(snapshotChecksumBytes)]);
  const checksumOffset = bytes.length - snapshotChecksumBytes;
  bytes.writeUInt32LE(crc32(bytes.subarray(0, checksumOffset), identity.seed), checksumOffset);
  return bytes;
}

/** Undefined unless every byte is as written. Of an encrypted one without its key, logs and documents stay unknown. */
export function decodeSnapshot(bytes: Buffer, contents: ContentAccess): Snapshot | undefined {
  const { identity, cipher, isClosed } = contents;
  const checksumOffset = bytes.length - snapshotChecksumBytes;
  if (checksumOffset < headerBytes || !bytes.subarray(0, magic.length).equals(magic)) return undefined;
  if (bytes.readUInt32LE(checksumOffset) !== crc32(bytes.subarray(0, checksumOffset), identity.seed)) return undefined;
  const version = cipher === undefined && !isClosed ? plainVersion : encryptedVersion;
  if (bytes.readUInt32LE(versionOffset) !== version) return undefined;
  if (!bytes.subarray(directoryIdOffset, lsnOffset).equals(identity.directoryId)) return undefined;
  const stored = bytes.subarray(headerBytes, checksumOffset);
  const body = cipher === undefined ? stored : cipher.decrypt(stored, bytes.subarray(0, headerBytes));
  if (body === undefined) return undefined;
  const state = new EngineState(contents);
  state.knownThroughLsn = readU64(bytes, lsnOffset);
  state.revision = readU64(bytes, revisionOffset);
  const counts = { logs: bytes.readUInt32LE(logCountOffset), documents: bytes.readUInt32LE(documentCountOffset) };
  if (!isClosed) readBody(body, counts, state);
  state.nextLogId = readU64(bytes, nextLogIdOffset);
  return { state, oldestGeneration: readU64(bytes, oldestGenerationOffset) };
}

/** Logs and documents, in the clear. */
function readBody(
  body: Buffer,
  counts: { readonly logs: number; readonly documents: number },
  state: EngineState,
): void {
  const view = dataViewOf(body);
  let at = 0;
  /** Moves behind a length and as many bytes; returns where those begin. */
  const skipBytes = (): number => {
    const start = at + lengthBytes;
    at = start + view.getUint32(at, true);
    return start;
  };
  const readText = (): string => body.toString("utf8", skipBytes(), at);
  // The logs of a stream mostly follow each other: one string for all of them saves memory.
  let [streamId, idStart, idEnd] = ["", 0, 0];
  const readStreamId = (): string => {
    const start = skipBytes();
    if (body.compare(body, idStart, idEnd, start, at) !== 0) {
      [idStart, idEnd] = [start, at];
      streamId = body.toString("utf8", start, at);
    }
    return streamId;
  };
  for (let left = counts.logs; left > 0; left--) {
    const start = at;
    at += logFixedBytes;
    const shardIndex = view.getUint32(start + logShardIndexOffset, true);
    const log = new LogState(u64At(view, start + logIdOffset), readStreamId(), shardIndex);
    const operationId = readText();
    if ((view.getUint32(start + logFlagsOffset, true) & flagSealed) !== 0) log.sealedBy = operationId;
    log.tip = u64At(view, start + logTipOffset);
    log.nextPosition = log.tip;
    log.durableStoredMs = view.getFloat64(start + logStoredMsOffset, true);
    log.lastStoredMs = log.durableStoredMs;
    log.retentionMs = view.getFloat64(start + logRetentionOffset, true);
    state.lastStoredMs = Math.max(state.lastStoredMs, log.lastStoredMs);
    state.addLog(log);
  }
  for (let left = counts.documents; left > 0; left--) {
    const revision = BigInt(u64At(view, at));
    at += revisionBytes;
    const key = readText();
    state.documents.set(key, { key, value: Uint8Array.from(body.subarray(skipBytes(), at)), revision });
  }
}

function encodeLog(log: LogState): readonly Uint8Array[] {
  const fixed = Buffer.alloc(logFixedBytes);
  writeU64(fixed, log.id, logIdOffset);
  fixed.writeUInt32LE(log.shardIndex, logShardIndexOffset);
  fixed.writeUInt32LE(log.sealedBy === undefined ? 0 : flagSealed, logFlagsOffset);
  writeU64(fixed, log.tip, logTipOffset);
  fixed.writeDoubleLE(log.durableStoredMs, logStoredMsOffset);
  fixed.writeDoubleLE(log.retentionMs, logRetentionOffset);
  return [fixed, ...encodeBytes(Buffer.from(log.streamId)), ...encodeBytes(Buffer.from(log.sealedBy ?? ""))];
}

function encodeDocument({ key, value, revision }: VersionedDocument): readonly Uint8Array[] {
  const fixed = Buffer.alloc(revisionBytes);
  fixed.writeBigUInt64LE(revision);
  return [fixed, ...encodeBytes(Buffer.from(key)), ...encodeBytes(value)];
}

function encodeBytes(bytes: Uint8Array): readonly Uint8Array[] {
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32LE(bytes.byteLength);
  return [length, bytes];
}
