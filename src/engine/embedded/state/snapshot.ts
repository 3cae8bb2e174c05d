// Everything but the entries, as of one LSN. docs/file-format.md section 5.
import { crc32 } from "node:zlib";
import type { VersionedDocument } from "../../document-store.ts";
import type { DirectoryContents } from "../directory/directory-cipher.ts";
import { readU64, u64At, viewOf, writeU64 } from "../io/uint64.ts";
import { EngineState } from "./engine-state.ts";
import { LogState } from "./log-state.ts";

export interface Snapshot {
  readonly state: EngineState;
  /** The WAL file that must exist, with all after it. */
  readonly oldestGeneration: number;
}

const magic = Buffer.from("MRSNAPSH", "latin1");
const plainVersion = 1;
const encryptedVersion = 2;
const headBytes = 72;
const logHeadBytes = 40;
const flagSealed = 1;
const lsnDigits = 16;
const namePattern = new RegExp(`^[0-9]{${lsnDigits}}\\.snapshot$`);

export function snapshotName(lsn: number): string {
  return `${String(lsn).padStart(lsnDigits, "0")}.snapshot`;
}

/** The LSN that a name stands for, or undefined if it is no snapshot's. */
export function lsnOfName(name: string): number | undefined {
  return namePattern.test(name) ? Number.parseInt(name, 10) : undefined;
}

export function encodeSnapshot(
  { state, oldestGeneration }: Snapshot,
  { identity, cipher }: Pick<DirectoryContents, "identity" | "cipher">,
): Buffer {
  const head = Buffer.alloc(headBytes);
  magic.copy(head, 0);
  head.writeUInt32LE(cipher === undefined ? plainVersion : encryptedVersion, 8);
  identity.directoryId.copy(head, 16);
  writeU64(head, state.lsn, 32);
  writeU64(head, state.revision, 40);
  writeU64(head, state.nextLogId, 48);
  writeU64(head, oldestGeneration, 56);
  head.writeUInt32LE(state.logs.size, 64);
  head.writeUInt32LE(state.documents.size, 68);
  const parts: Uint8Array[] = [];
  for (const log of state.logs.values()) parts.push(...encodeLog(log));
  for (const document of state.documents.values()) parts.push(...encodeDocument(document));
  const check = Buffer.alloc(4);
  const body = cipher === undefined ? parts : [cipher.seal(Buffer.concat(parts), head)];
  const bytes = Buffer.concat([head, ...body, check]);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, -4), identity.seed), bytes.length - 4);
  return bytes;
}

/** Undefined if any byte is not as it was written. Without the key of an encrypted one, logs and documents stay unknown. */
export function decodeSnapshot(bytes: Buffer, contents: DirectoryContents): Snapshot | undefined {
  const { identity, cipher, isClosed } = contents;
  if (bytes.length < headBytes + 4 || !bytes.subarray(0, magic.length).equals(magic)) return undefined;
  if (bytes.readUInt32LE(bytes.length - 4) !== crc32(bytes.subarray(0, -4), identity.seed)) return undefined;
  const version = cipher === undefined && !isClosed ? plainVersion : encryptedVersion;
  if (bytes.readUInt32LE(8) !== version || !bytes.subarray(16, 32).equals(identity.directoryId)) return undefined;
  const stored = bytes.subarray(headBytes, -4);
  const body = cipher === undefined ? stored : cipher.open(stored, bytes.subarray(0, headBytes));
  if (body === undefined) return undefined;
  const state = new EngineState(contents);
  state.knownThroughLsn = readU64(bytes, 32);
  state.revision = readU64(bytes, 40);
  if (!isClosed) readBody(body, { logs: bytes.readUInt32LE(64), documents: bytes.readUInt32LE(68) }, state);
  state.nextLogId = readU64(bytes, 48);
  return { state, oldestGeneration: readU64(bytes, 56) };
}

/** Logs and documents, in the clear. */
function readBody(
  body: Buffer,
  counts: { readonly logs: number; readonly documents: number },
  state: EngineState,
): void {
  const view = viewOf(body);
  let at = 0;
  /** Goes behind a length and as many bytes; returns where those begin. */
  const pass = (): number => {
    const start = at + 4;
    at = start + view.getUint32(at, true);
    return start;
  };
  const readText = (): string => body.toString("utf8", pass(), at);
  // The logs of a stream follow each other for the most part: its id need not be in memory once for each.
  let [streamId, idStart, idEnd] = ["", 0, 0];
  const readStreamId = (): string => {
    const start = pass();
    if (body.compare(body, idStart, idEnd, start, at) !== 0) {
      [idStart, idEnd] = [start, at];
      streamId = body.toString("utf8", start, at);
    }
    return streamId;
  };
  for (let left = counts.logs; left > 0; left--) {
    const start = at;
    at += logHeadBytes;
    const log = new LogState(u64At(view, start), readStreamId(), view.getUint32(start + 8, true));
    const operationId = readText();
    if ((view.getUint32(start + 12, true) & flagSealed) !== 0) log.sealedBy = operationId;
    log.tip = u64At(view, start + 16);
    log.nextPosition = log.tip;
    log.durableStoredMs = view.getFloat64(start + 24, true);
    log.lastStoredMs = log.durableStoredMs;
    log.retentionMs = view.getFloat64(start + 32, true);
    state.lastStoredMs = Math.max(state.lastStoredMs, log.lastStoredMs);
    state.addLog(log);
  }
  for (let left = counts.documents; left > 0; left--) {
    const revision = BigInt(u64At(view, at));
    at += 8;
    const key = readText();
    state.documents.set(key, { key, value: Uint8Array.from(body.subarray(pass(), at)), revision });
  }
}

function encodeLog(log: LogState): readonly Uint8Array[] {
  const head = Buffer.alloc(logHeadBytes);
  writeU64(head, log.id, 0);
  head.writeUInt32LE(log.shardIndex, 8);
  head.writeUInt32LE(log.sealedBy === undefined ? 0 : flagSealed, 12);
  writeU64(head, log.tip, 16);
  head.writeDoubleLE(log.durableStoredMs, 24);
  head.writeDoubleLE(log.retentionMs, 32);
  return [head, ...encodeBytes(Buffer.from(log.streamId)), ...encodeBytes(Buffer.from(log.sealedBy ?? ""))];
}

function encodeDocument({ key, value, revision }: VersionedDocument): readonly Uint8Array[] {
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(revision);
  return [head, ...encodeBytes(Buffer.from(key)), ...encodeBytes(value)];
}

function encodeBytes(bytes: Uint8Array): readonly Uint8Array[] {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.byteLength);
  return [length, bytes];
}
