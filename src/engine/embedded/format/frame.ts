// One frame of a group: 48 bytes of head, then a body. docs/file-format.md section 4.
import assert from "node:assert/strict";
import { SEALED_OVERHEAD_BYTES, type SessionCipher } from "../../../cipher/session-cipher.ts";
import { readU64, setU64 } from "../io/uint64.ts";
import { frameChecksum } from "./frame-checksum.ts";

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

export interface FrameHead {
  readonly kind: FrameKind;
  /** Records, for entries; else 0. */
  readonly count: number;
  readonly logId: number;
  /** A position, an end or a revision, by kind. */
  readonly position: number;
  readonly timeMs: number;
  readonly storedMs: number;
}

export const frameHeadBytes = 48;
/** Keeps a frame's first word apart from a group's magic, and a frame within a group. */
const frameBytesMax = 2 ** 24 - 1;

/** What encryption adds to each body. */
export const encryptedOverheadBytes = SEALED_OVERHEAD_BYTES;
/** The part of the head that an encrypted body is bound to; length and checksum follow from the body. */
const boundAt = 8;

/** A head on its way into a group. A view's calls become plain stores, which a Buffer's do not. */
const headBytes = new Uint8Array(frameHeadBytes);
const headView = new DataView(headBytes.buffer);

/** What a frame with such a body, as it is stored, takes in a group, its gap included. */
export function frameSpan(bodyBytes: number): number {
  return (frameHeadBytes + bodyBytes + 7) & ~7;
}

/** Where a body is: bytes `from` to `to`. Within them no view need be made for each entry of a request. */
export interface BodyPlace {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
}

/** All of some bytes. */
export function wholeBody(bytes: Buffer): BodyPlace {
  return { bytes, from: 0, to: bytes.length };
}

/** Writes a frame and the zeros behind it; returns where the next one begins. Without a cipher the body stays as it is. */
export function writeFrame(
  target: Buffer,
  at: number,
  head: FrameHead,
  { bytes, from, to }: BodyPlace,
  seed: number,
  cipher?: SessionCipher | undefined,
): number {
  const length = frameHeadBytes + (to - from) + (cipher === undefined ? 0 : encryptedOverheadBytes);
  assert(length <= frameBytesMax, "a frame stays below 2^24 bytes");
  assert(from >= 0 && to <= bytes.length, "a body lies within its bytes");
  assert(Number.isSafeInteger(head.position) && head.position >= 0, "a position is a whole number below 2^53");
  headView.setUint32(0, length, true);
  headView.setUint16(8, head.kind, true);
  headView.setUint16(10, head.count, true);
  setU64(headView, 16, head.logId);
  setU64(headView, 24, head.position);
  headView.setFloat64(32, head.timeMs, true);
  headView.setFloat64(40, head.storedMs, true);
  target.set(headBytes, at);
  const bodyAt = at + frameHeadBytes;
  if (cipher === undefined) bytes.copy(target, bodyAt, from, to);
  else cipher.sealInto(target, bodyAt, bytes.subarray(from, to), target.subarray(at + boundAt, bodyAt));
  const check = frameChecksum(target, at + 8, at + length, seed);
  target[at + 4] = check;
  target[at + 5] = check >>> 8;
  target[at + 6] = check >>> 16;
  target[at + 7] = check >>> 24;
  const end = at + ((length + 7) & ~7);
  // At most seven bytes: a loop costs less than the call that fills.
  for (let gap = at + length; gap < end; gap++) target[gap] = 0;
  return end;
}

/** The length of the frame at `at`, or 0 where padding begins. */
export function frameLengthAt(source: Buffer, at: number): number {
  return at + 4 <= source.length ? source.readUInt32LE(at) : 0;
}

/** Whether a whole frame with the right checksum stands at `at` and ends by `end`. */
export function frameVerifies(source: Buffer, at: number, end: number, seed: number): boolean {
  if (at + frameHeadBytes > end) return false;
  const length = source.readUInt32LE(at);
  if (length < frameHeadBytes || at + length > end) return false;
  return source.readUInt32LE(at + 4) === frameChecksum(source, at + 8, at + length, seed);
}

/** What the frame at `at` takes with the gap behind it; 0 where padding begins. */
export function frameSpanAt(source: Buffer, at: number): number {
  return (frameLengthAt(source, at) + 7) & ~7;
}

export function frameKindAt(source: Buffer, at: number): number {
  return source.readUInt16LE(at + 8);
}

export function frameCountAt(source: Buffer, at: number): number {
  return source.readUInt16LE(at + 10);
}

export function frameLogIdAt(source: Buffer, at: number): number {
  return readU64(source, at + 16);
}

export function framePositionAt(source: Buffer, at: number): number {
  return readU64(source, at + 24);
}

export function frameTimeMsAt(source: Buffer, at: number): number {
  return source.readDoubleLE(at + 32);
}

export function frameStoredMsAt(source: Buffer, at: number): number {
  return source.readDoubleLE(at + 40);
}

/** As it is stored: a view, not a copy. */
function frameBodyAt(source: Buffer, at: number): Buffer {
  return source.subarray(at + frameHeadBytes, at + source.readUInt32LE(at));
}

/** Of the body in the clear. */
export function bodyBytesAt(source: Buffer, at: number, cipher: SessionCipher | undefined): number {
  return source.readUInt32LE(at) - frameHeadBytes - (cipher === undefined ? 0 : encryptedOverheadBytes);
}

/** In the clear: a view of a plain body, a fresh buffer of an encrypted one; undefined if that does not open. */
export function openBodyAt(source: Buffer, at: number, cipher: SessionCipher | undefined): Buffer | undefined {
  const body = frameBodyAt(source, at);
  return cipher === undefined ? body : cipher.open(body, source.subarray(at + boundAt, at + frameHeadBytes));
}
