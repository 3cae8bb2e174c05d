import { EngineError } from "../../engine/engine-error.ts";
import type { ShardRef } from "../../engine/shard-log.ts";
import type { PositionPart } from "../state/position-part.ts";
import { partPositions } from "../state/position-part.ts";
import type { PositionSet } from "../state/position-set.ts";
import type { QueueState } from "../state/queue-state.ts";
import { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";

/*
 * The body of an entry of a state log, version 1. `n` is a number as `ByteWriter` writes it, `s` one of either sign.
 *
 *   u8 version = 1 | u8 kind | ...
 *
 *   changes:   groups: n shard index | u8 change | n number of runs | runs: s gap from the end of the run before | n length
 *              `counted` and `dead` have behind each run: n receive count | n second of the first receive
 *   parts:     shards: n shard index | n floor | n number of items | items: n gap from the end of the item before | u8 form | ...
 *              full: n number of parts | members, holes: u8 number | u16 offsets | bitmap: 512 bytes
 *   end:       nothing: all parts of a snapshot are there
 *   origin:    JSON of shardIndex and placement of the log of the generation before, which may be dropped
 */
const version = 1;
export const entryKind = { changes: 1, parts: 2, end: 3, origin: 4 } as const;

/** `done`: acknowledged. `counted`: visible after so many receives; 0 for a restored record. `dead`: a dead letter. */
export const change = { done: 1, counted: 2, dead: 3 } as const;
export type Change = (typeof change)[keyof typeof change];

const form = { full: 1, members: 2, holes: 3, bitmap: 4 } as const;
const bitmapBytes = partPositions / 8;

export function writeEntryHead(writer: ByteWriter, kind: number): void {
  writer.byte(version);
  writer.byte(kind);
}

/** Writes parts of a shard's set of positions that are done. `number`, `count`: as `PositionSet.visitParts` has them. */
export function writePart(
  writer: ByteWriter,
  gap: number,
  { count, part }: { readonly count: number; readonly part: PositionPart | undefined },
): void {
  writer.number(gap);
  if (part === undefined) {
    writer.byte(form.full);
    writer.number(count);
    return;
  }
  writer.byte(form[part.form]);
  if (part.bits !== undefined) {
    writer.append(new Uint8Array(part.bits.buffer, part.bits.byteOffset, bitmapBytes));
    return;
  }
  writer.byte(part.listed.length);
  for (const offset of part.listed) {
    writer.byte(offset & 0xff);
    writer.byte(offset >>> 8);
  }
}

/** What one entry says about the log itself. */
export interface ReadEntry {
  readonly kind: number;
  readonly origin?: Origin;
}

/** Where the log of the generation before is, or was. */
export type Origin = Pick<ShardRef, "shardIndex" | "placement">;

export function originEntry({ shardIndex, placement }: Origin): Uint8Array {
  const json = Buffer.from(JSON.stringify({ shardIndex, placement }));
  return Buffer.concat([Buffer.from([version, entryKind.origin]), json]);
}

/** Whether an entry is about the log of the generation before. */
export function isOriginEntry(body: Uint8Array): boolean {
  return body[0] === version && body[1] === entryKind.origin;
}

/** Applies one entry to a state that is being loaded. Repeating an entry changes nothing. */
export function applyEntry(body: Uint8Array, state: QueueState): ReadEntry {
  const reader = new ByteReader(body);
  const found = reader.byte();
  if (found !== version) {
    throw new EngineError(
      "corrupt",
      `A queue's state log has an entry of version ${found}; this server reads version ${version}.`,
    );
  }
  const kind = reader.byte();
  if (kind === entryKind.changes) applyChanges(reader, state);
  else if (kind === entryKind.parts) applyParts(reader, state);
  else if (kind === entryKind.origin) return { kind, origin: JSON.parse(Buffer.from(body.subarray(2)).toString()) };
  else if (kind !== entryKind.end)
    throw new EngineError("corrupt", `A queue's state log has an entry of kind ${kind}.`);
  return { kind };
}

function applyChanges(reader: ByteReader, state: QueueState): void {
  while (!reader.isAtEnd) {
    const shardIndex = reader.number();
    const what = reader.byte();
    let position = 0;
    for (let left = reader.number(); left > 0; left -= 1) {
      position += reader.signed();
      const end = position + reader.number();
      if (what === change.done) {
        for (; position < end; position += 1) state.finish(shardIndex, position);
        continue;
      }
      const record = {
        isDead: what === change.dead,
        receiveCount: reader.number(),
        firstReceiveSecond: reader.number(),
      };
      for (; position < end; position += 1) state.load(shardIndex, position, record);
    }
  }
}

function applyParts(reader: ByteReader, state: QueueState): void {
  while (!reader.isAtEnd) {
    // A shard that is gone takes along what became of its records.
    const cursor = state.cursorOf(reader.number());
    const floor = reader.number();
    if (cursor !== undefined) state.expireBelow(cursor, floor);
    let number = 0;
    for (let left = reader.number(); left > 0; left -= 1) {
      number += reader.number();
      number += applyItem(reader, number, cursor?.done);
    }
  }
  // A change of a record that was acknowledged already may have come before the parts that say so.
  state.dropDone();
}

/** Returns the number of parts of the item. */
function applyItem(reader: ByteReader, number: number, done: PositionSet | undefined): number {
  const what = reader.byte();
  if (what === form.full) {
    const count = reader.number();
    done?.addParts(number, count);
    return count;
  }
  const start = number * partPositions;
  const isDone = what === form.bitmap ? readBitmap(reader) : readListed(reader, what === form.members);
  for (let offset = 0; offset < partPositions; offset += 1) if (isDone(offset)) done?.add(start + offset);
  return 1;
}

function readBitmap(reader: ByteReader): (offset: number) => boolean {
  const bits = reader.take(bitmapBytes);
  return (offset) => ((bits[offset >>> 3] as number) & (1 << (offset & 7))) !== 0;
}

function readListed(reader: ByteReader, isMembers: boolean): (offset: number) => boolean {
  const listed = new Set<number>();
  for (let left = reader.byte(); left > 0; left -= 1) listed.add(reader.byte() | (reader.byte() << 8));
  return (offset) => listed.has(offset) === isMembers;
}
