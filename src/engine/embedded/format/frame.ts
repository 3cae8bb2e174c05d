import assert from "node:assert/strict";
import { ENCRYPTION_OVERHEAD_BYTES, type SessionCipher } from "../../../cipher/session-cipher.ts";
import { readU64, setU64, u64At } from "../io/uint64.ts";
import { frameChecksum } from "./frame-checksum.ts";

/*
 * A frame: a header of 48 bytes, a body, and zeros up to the next multiple of 8. Little-endian; docs/file-format.md section 4.
 *
 *   u32 length of header and body | u32 CRC of all behind it, begun with the directory's seed
 *   u16 kind | u48 count | u64 log id | u64 position | f64 timeMs | f64 storedMs | body
 *
 * An encrypted body is bound to the header from the kind on: length and checksum follow from the body.
 */
const lengthOffset = 0;
const checksumOffset = lengthOffset + 4;
const kindOffset = checksumOffset + 4;
const countOffset = kindOffset + 2;
const countHighOffset = countOffset + 2;
const logIdOffset = countHighOffset + 4;
const positionOffset = logIdOffset + 8;
const timeMsOffset = positionOffset + 8;
const storedMsOffset = timeMsOffset + 8;

export const frameHeaderBytes = storedMsOffset + 8;
/** Length and checksum: the part of each frame that the checksum in the group's header covers. */
export const frameSummaryBytes = kindOffset;
/** The count is a u16 and, behind it, the u32 of its higher bits. */
const countLowRange = 2 ** 16;
/** The positions that one skip may have. */
export const frameCountMax = 2 ** 48 - 1;
const alignmentBytes = 8;
/** Keeps a frame's first word apart from a group's magic, and a frame within a group. */
const frameBytesMax = 2 ** 24 - 1;

/** What encryption adds to each body. */
export const encryptedOverheadBytes = ENCRYPTION_OVERHEAD_BYTES;

export const frameKind = {
  entry: 1,
  createLog: 2,
  sealLog: 3,
  dropLog: 4,
  putDocument: 5,
  deleteDocument: 6,
  cleanClose: 7,
  retention: 8,
} as const;

export type FrameKind = (typeof frameKind)[keyof typeof frameKind];

export interface FrameHeader {
  readonly kind: FrameKind;
  /** Records of an entry, or positions of a skip; 0 for other kinds. Below 2^48. */
  readonly count: number;
  /** Id of the shard log; 0 for documents. */
  readonly logId: number;
  /** A position, an end or a revision, by kind. */
  readonly position: number;
  readonly timeMs: number;
  readonly storedMs: number;
}

/** Bytes `from` to `to` of `bytes`: the entries of a request share one buffer without a view for each. */
export interface BodySlice {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
}

/** A header before it is copied into its group. A DataView compiles to plain stores, the methods of a Buffer do not. */
const headerBytes = new Uint8Array(frameHeaderBytes);
const headerView = new DataView(headerBytes.buffer);

/** Rounds up to a multiple of 8, where a frame may begin. */
export function alignFrame(bytes: number): number {
  return (bytes + alignmentBytes - 1) & -alignmentBytes;
}

/** Bytes that a frame takes in a group, gap included. `bodyBytes` is the body as it is stored. */
export function frameSpan(bodyBytes: number): number {
  return alignFrame(frameHeaderBytes + bodyBytes);
}

export function wholeSlice(bytes: Buffer): BodySlice {
  return { bytes, from: 0, to: bytes.length };
}

/** Writes a frame at `at` and the zeros behind it; returns where the next one begins. `cipher` encrypts the body. */
export function writeFrame(
  target: Buffer,
  at: number,
  header: FrameHeader,
  { bytes, from, to }: BodySlice,
  seed: number,
  cipher?: SessionCipher | undefined,
): number {
  const length = frameHeaderBytes + (to - from) + (cipher === undefined ? 0 : encryptedOverheadBytes);
  assert(length <= frameBytesMax, "a frame stays below 2^24 bytes");
  assert(from >= 0 && to <= bytes.length, "a body is within its bytes");
  assert(Number.isSafeInteger(header.position) && header.position >= 0, "a position is a whole number below 2^53");
  headerView.setUint32(lengthOffset, length, true);
  headerView.setUint16(kindOffset, header.kind, true);
  headerView.setUint16(countOffset, header.count % countLowRange, true);
  headerView.setUint32(countHighOffset, header.count / countLowRange, true);
  setU64(headerView, logIdOffset, header.logId);
  setU64(headerView, positionOffset, header.position);
  headerView.setFloat64(timeMsOffset, header.timeMs, true);
  headerView.setFloat64(storedMsOffset, header.storedMs, true);
  target.set(headerBytes, at);
  const bodyAt = at + frameHeaderBytes;
  if (cipher === undefined) bytes.copy(target, bodyAt, from, to);
  else cipher.encryptInto(target, bodyAt, bytes.subarray(from, to), boundHeaderAt(target, at));
  const checksum = frameChecksum(target, at + kindOffset, at + length, seed);
  target[at + checksumOffset] = checksum;
  target[at + checksumOffset + 1] = checksum >>> 8;
  target[at + checksumOffset + 2] = checksum >>> 16;
  target[at + checksumOffset + 3] = checksum >>> 24;
  const end = at + alignFrame(length);
  // A gap of at most seven bytes: a loop is faster than the call of `fill`.
  for (let gap = at + length; gap < end; gap++) target[gap] = 0;
  return end;
}

/** Whether a whole frame with the right checksum is at `at` and ends by `end`. */
export function frameVerifies(source: Buffer, at: number, end: number, seed: number): boolean {
  if (at + frameHeaderBytes > end) return false;
  const length = source.readUInt32LE(at + lengthOffset);
  if (length < frameHeaderBytes || at + length > end) return false;
  return source.readUInt32LE(at + checksumOffset) === frameChecksum(source, at + kindOffset, at + length, seed);
}

/** Length of the frame at `at`, or 0 where padding begins. */
export function frameLengthAt(source: Buffer, at: number): number {
  return at + 4 <= source.length ? source.readUInt32LE(at + lengthOffset) : 0;
}

/** Bytes of the frame at `at` with the gap behind it; 0 where padding begins. */
export function frameSpanAt(source: Buffer, at: number): number {
  return alignFrame(frameLengthAt(source, at));
}

export function frameKindAt(source: Buffer, at: number): number {
  return source.readUInt16LE(at + kindOffset);
}

export function frameCountAt(source: Buffer, at: number): number {
  return source.readUInt16LE(at + countOffset) + source.readUInt32LE(at + countHighOffset) * countLowRange;
}

export function frameLogIdAt(source: Buffer, at: number): number {
  return readU64(source, at + logIdOffset);
}

export function framePositionAt(source: Buffer, at: number): number {
  return readU64(source, at + positionOffset);
}

export function frameTimeMsAt(source: Buffer, at: number): number {
  return source.readDoubleLE(at + timeMsOffset);
}

export function frameStoredMsAt(source: Buffer, at: number): number {
  return source.readDoubleLE(at + storedMsOffset);
}

/** The fields of the frames of one buffer, for loops over many frames: a DataView compiles to plain loads. */
export class FrameView {
  readonly #view: DataView;

  constructor({ buffer, byteOffset, length }: Buffer) {
    this.#view = new DataView(buffer, byteOffset, length);
  }

  length(at: number): number {
    return this.#view.getUint32(at + lengthOffset, true);
  }

  /** With the gap behind the frame. */
  span(at: number): number {
    return alignFrame(this.#view.getUint32(at + lengthOffset, true));
  }

  /** Copies length and checksum. */
  copySummary(at: number, target: DataView, targetAt: number): void {
    target.setUint32(targetAt + lengthOffset, this.#view.getUint32(at + lengthOffset, true), true);
    target.setUint32(targetAt + checksumOffset, this.#view.getUint32(at + checksumOffset, true), true);
  }

  kind(at: number): number {
    return this.#view.getUint16(at + kindOffset, true);
  }

  count(at: number): number {
    return (
      this.#view.getUint16(at + countOffset, true) + this.#view.getUint32(at + countHighOffset, true) * countLowRange
    );
  }

  logId(at: number): number {
    return u64At(this.#view, at + logIdOffset);
  }

  position(at: number): number {
    return u64At(this.#view, at + positionOffset);
  }

  storedMs(at: number): number {
    return this.#view.getFloat64(at + storedMsOffset, true);
  }
}

/** Bytes of the body before it was encrypted. */
export function decryptedLengthAt(source: Buffer, at: number, cipher: SessionCipher | undefined): number {
  return frameLengthAt(source, at) - frameHeaderBytes - (cipher === undefined ? 0 : encryptedOverheadBytes);
}

/** The body in the clear: a view of a plain body, a new buffer of an encrypted one; undefined if it does not decrypt. */
export function decryptedBodyAt(source: Buffer, at: number, cipher: SessionCipher | undefined): Buffer | undefined {
  const body = source.subarray(at + frameHeaderBytes, at + frameLengthAt(source, at));
  return cipher === undefined ? body : cipher.decrypt(body, boundHeaderAt(source, at));
}

/** The part of the header that an encrypted body is bound to. */
function boundHeaderAt(source: Buffer, at: number): Buffer {
  return source.subarray(at + kindOffset, at + frameHeaderBytes);
}
