import { isUtf8 } from "node:buffer";
import { documentDepthMax, documentValueCountMax } from "../codec/document-limits.ts";
import {
  argumentAt,
  BREAK,
  BYTES,
  DOUBLE,
  FALSE,
  HALF,
  headBytes,
  INDEFINITE,
  INFO_MASK,
  LIST,
  MAP,
  SIMPLE,
  TAG,
  TEXT,
  TYPE_SHIFT,
  UINT8_INFO,
  UNDEFINED,
} from "./cbor-head.ts";

/** Up to here a loop over ASCII is faster than a native call. */
const ASCII_BY_LOOP_BYTES_MAX = 64;

const MALFORMED = -1;

/** What is left of the item that is being measured: each item and chunk takes one. */
let valuesLeft = 0;

/**
 * The offset behind the item at `at`, or -1 if it is malformed. Stricter than RFC 8949 where nothing that Kinesis
 * understands is lost: text is UTF-8, the keys of a map are text without tags, and the only simple values are booleans,
 * null, undefined and floats; and an item has at most `documentDepthMax` levels, and `documentValueCountMax` items and
 * chunks.
 */
export function wellFormedItemEnd(bytes: Uint8Array, at: number): number {
  valuesLeft = documentValueCountMax;
  return innerEnd(bytes, at, 0);
}

function innerEnd(bytes: Uint8Array, at: number, depth: number): number {
  valuesLeft -= 1;
  if (valuesLeft < 0) return MALFORMED;
  if (at >= bytes.length) return MALFORMED;
  const initial = bytes[at] as number;
  const info = initial & INFO_MASK;
  const headLength = headBytes(info);
  const start = at + headLength;
  if (headLength === 0 || start > bytes.length) return MALFORMED;
  switch (initial >>> TYPE_SHIFT) {
    case BYTES:
    case TEXT:
      return stringEnd(bytes, at);
    case LIST:
    case MAP:
    case TAG:
      return depth === documentDepthMax ? MALFORMED : nestedEnd(bytes, at, depth);
    case SIMPLE:
      return isKnownSimple(initial) ? start : MALFORMED;
    default:
      return info === INDEFINITE ? MALFORMED : start;
  }
}

function isKnownSimple(initial: number): boolean {
  return (initial >= FALSE && initial <= UNDEFINED) || (initial >= HALF && initial <= DOUBLE);
}

function stringEnd(bytes: Uint8Array, head: number): number {
  const initial = bytes[head] as number;
  const info = initial & INFO_MASK;
  if (info === INDEFINITE) return chunksEnd(bytes, head + 1, initial >>> TYPE_SHIFT);
  const start = head + headBytes(info);
  const end = start + argumentAt(bytes, head);
  if (end > bytes.length) return MALFORMED;
  return initial >>> TYPE_SHIFT === BYTES || isText(bytes, start, end) ? end : MALFORMED;
}

function isText(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start <= ASCII_BY_LOOP_BYTES_MAX) {
    let at = start;
    while (at < end && (bytes[at] as number) < 0x80) at += 1;
    if (at === end) return true;
  }
  return isUtf8(bytes.subarray(start, end));
}

/** The chunks of a string of indefinite length are strings of the same type and of definite length. */
function chunksEnd(bytes: Uint8Array, start: number, majorType: number): number {
  let at = start;
  while (at < bytes.length) {
    const initial = bytes[at] as number;
    if (initial === BREAK) return at + 1;
    if (initial >>> TYPE_SHIFT !== majorType || (initial & INFO_MASK) === INDEFINITE) return MALFORMED;
    at = innerEnd(bytes, at, 0);
    if (at === MALFORMED) return MALFORMED;
  }
  return MALFORMED;
}

function nestedEnd(bytes: Uint8Array, head: number, depth: number): number {
  const initial = bytes[head] as number;
  const info = initial & INFO_MASK;
  switch (initial >>> TYPE_SHIFT) {
    case LIST:
      return listEnd(bytes, head, depth);
    case MAP:
      return mapEnd(bytes, head, depth);
    default:
      return info === INDEFINITE ? MALFORMED : innerEnd(bytes, head + headBytes(info), depth + 1);
  }
}

function listEnd(bytes: Uint8Array, head: number, depth: number): number {
  const info = (bytes[head] as number) & INFO_MASK;
  const count = info === INDEFINITE ? Number.POSITIVE_INFINITY : argumentAt(bytes, head);
  let at = head + headBytes(info);
  for (let index = 0; index < count; index += 1) {
    if (info === INDEFINITE && bytes[at] === BREAK) return at + 1;
    at = innerEnd(bytes, at, depth + 1);
    if (at === MALFORMED) return MALFORMED;
  }
  return at;
}

function mapEnd(bytes: Uint8Array, head: number, depth: number): number {
  const info = (bytes[head] as number) & INFO_MASK;
  const count = info === INDEFINITE ? Number.POSITIVE_INFINITY : argumentAt(bytes, head);
  let at = head + headBytes(info);
  for (let index = 0; index < count; index += 1) {
    if (info === INDEFINITE && bytes[at] === BREAK) return at + 1;
    at = keyEnd(bytes, at);
    if (at === MALFORMED) return MALFORMED;
    at = innerEnd(bytes, at, depth + 1);
    if (at === MALFORMED) return MALFORMED;
  }
  return at;
}

/** Takes keys with a head of one byte, which most have, without a call. */
function keyEnd(bytes: Uint8Array, at: number): number {
  // Undefined behind the last byte, and then of no type.
  const initial = bytes[at] as number;
  if (initial >>> TYPE_SHIFT !== TEXT) return MALFORMED;
  const end = at + 1 + (initial & INFO_MASK);
  if ((initial & INFO_MASK) >= UINT8_INFO || end > bytes.length) return innerEnd(bytes, at, 0);
  return isText(bytes, at + 1, end) ? end : MALFORMED;
}
