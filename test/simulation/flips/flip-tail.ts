// What a flipped bit does after a crash: no claim covers the last two commit groups if both were in flight, so a flip in
// them looks like a write cut short. docs/file-format.md section 6.
import assert from "node:assert/strict";
import type { EmbeddedEngine } from "../../../src/engine/embedded/embedded-engine.ts";
import type { EmbeddedEngineOptions } from "../../../src/engine/embedded/engine-options.ts";
import { groupHeaderBytes, readGroupHeader } from "../../../src/engine/embedded/format/commit-group.ts";
import { decodeFormatFile } from "../../../src/engine/embedded/format/format-file.ts";
import { frameHeaderBytes, frameLengthAt, frameSpanAt } from "../../../src/engine/embedded/format/frame.ts";
import { readWalHeader, walHeaderBytes } from "../../../src/engine/embedded/format/wal-file.ts";
import { verifyDirectory } from "../../../src/engine/embedded/offline/verify-directory.ts";
import { withoutFlush } from "../../support/closed-directory.ts";
import { masterKey } from "../../support/directory-keys.ts";
import {
  dataDirectory,
  eagerCompaction,
  makeShard,
  openSmallEngine,
  readTexts,
  smallEngine,
} from "../../support/embedded-engine.ts";
import { SimulatedDisk } from "../../support/simulated-disk.ts";

const kibibyte = 1024;
const streams = ["a", "b"];
/** One opened engine in this many writes afterwards. */
const writingStep = 9;
/** Entries compared at the end of each stream; the earlier ones are counted. */
const entriesLookedAt = 4;
/** Two of these make a group that need not wait for the one before it; none ends at a multiple of 8 bytes. */
const largeBytes = 70_001;
/** One byte in this many of bodies and of padding is flipped, and the last one. */
const bodyStep = 5_003;
const paddingStep = 307;
const headerStep = 97;
const behindStep = 4_001;

const roomy = {
  walFileBytes: 384 * kibibyte,
  groupBytesMax: 144 * kibibyte,
  tailWindowBytes: 0,
  compaction: withoutFlush,
};

export interface Variant {
  readonly isEncrypted: boolean;
  /** Whether the log's last file was used before. */
  readonly isRecycled: boolean;
  /** One byte in this many of group and frame headers is flipped, and the last one. */
  readonly headStep: number;
}

interface Group {
  readonly lsn: number;
  readonly durableThroughLsn: number;
  readonly at: number;
  /** Behind the last frame; padding follows. */
  readonly framesEnd: number;
  readonly end: number;
}

interface Crashed {
  readonly disk: SimulatedDisk;
  readonly options: Partial<EmbeddedEngineOptions>;
  /** The log's last file. */
  readonly path: string;
  /** All that stand in it. */
  readonly groups: readonly Group[];
  /** What was acknowledged with the group of an LSN, by stream. */
  readonly stored: ReadonlyMap<number, readonly string[]>;
}

/** Killed just after two groups were acknowledged that had been on their way together. */
async function crashed({ isEncrypted, isRecycled }: Variant): Promise<Crashed> {
  const disk = new SimulatedDisk();
  const keys = isEncrypted ? masterKey("of the test") : undefined;
  const options = { ...roomy, keys };
  const engine = await openSmallEngine(disk, { ...options, compaction: isRecycled ? eagerCompaction : withoutFlush });
  const stored = new Map<number, readonly string[]>();
  await Promise.all(streams.map((name) => makeShard(engine, name)));
  let lsn = 1;
  const put = async (bytes: number): Promise<void> => {
    lsn += 1;
    const texts = streams.map((name) => `${name} ${lsn} `.padEnd(bytes, name));
    stored.set(lsn, texts);
    await putBoth(engine, texts);
  };
  if (isRecycled) {
    // Three files full, of which the first is the fourth again.
    while (!disk.paths().some((path) => path.endsWith("/wal/0000000004.wal"))) {
      await put(20_000);
      await engine.settled();
    }
  }
  await put(10);
  await put(1_000);
  const release = disk.holdWrites();
  const inFlight: Promise<void>[] = [];
  for (let left = 2; left > 0; left--) {
    const writing = disk.nextWrite();
    inFlight.push(put(largeBytes));
    await writing;
  }
  release();
  await Promise.all(inFlight);
  const killed = disk.crash("lose");
  const path = killed.paths().findLast((name) => name.endsWith(".wal")) ?? "";
  const groups = groupsIn(killed, path);
  // Neither of the last two claims the other.
  const [last, lastButOne] = [groups.at(-1), groups.at(-2)];
  assert.deepEqual([last?.lsn, last?.durableThroughLsn], [lsn, lsn - 2]);
  assert.deepEqual([lastButOne?.lsn, lastButOne?.durableThroughLsn], [lsn - 1, lsn - 2]);
  assert(groups.length >= 4);
  const { identity } = decodeFormatFile(killed.bytesOf(`${dataDirectory}/format`), dataDirectory);
  assert.equal(readWalHeader(killed.bytesOf(path), identity)?.isRecycled, isRecycled);
  return { disk: killed, options, path, groups, stored };
}

async function putBoth(engine: EmbeddedEngine, texts: readonly string[]): Promise<void> {
  const shards = await Promise.all(streams.map((name) => makeShard(engine, name)));
  const appends = shards.map((shard, index) => ({
    shard,
    entry: { count: 1, timeMs: 0, body: Buffer.from(texts[index] ?? "") },
  }));
  const outcomes = await engine.log.append(appends);
  assert(outcomes.every(({ kind }) => kind === "stored"));
}

function groupsIn(disk: SimulatedDisk, path: string): readonly Group[] {
  const { identity } = decodeFormatFile(disk.bytesOf(`${dataDirectory}/format`), dataDirectory);
  const bytes = disk.bytesOf(path);
  const groups: Group[] = [];
  for (let at = walHeaderBytes; ; ) {
    const header = readGroupHeader(bytes, at, identity);
    if (header === undefined || (groups.length > 0 && header.lsn !== (groups.at(-1)?.lsn ?? 0) + 1)) return groups;
    const { lsn, durableThroughLsn, length, used } = header;
    groups.push({ lsn, durableThroughLsn, at, framesEnd: at + used, end: at + length });
    at += length;
  }
}

/** Some of a group's header, of its frames' heads, of bodies and of padding; all of the gaps behind frames. */
function bytesOfEachKind(bytes: Buffer, { at: groupAt, framesEnd, end }: Group, headStep: number): readonly number[] {
  const places = range(groupAt, groupAt + groupHeaderBytes, headStep);
  for (let at = groupAt + groupHeaderBytes; at < framesEnd; ) {
    const frameEnd = at + frameLengthAt(bytes, at);
    const next = at + frameSpanAt(bytes, at);
    places.push(...range(at, at + frameHeaderBytes, headStep), ...range(at + frameHeaderBytes, frameEnd, bodyStep));
    places.push(...range(frameEnd, next));
    at = next;
  }
  return [...places, ...range(framesEnd, end, paddingStep)];
}

/** Every so many, and the last one. */
function range(from: number, to: number, step = 1): number[] {
  const found = Array.from({ length: Math.ceil((to - from) / step) }, (_, index) => from + index * step);
  return from < to && found.at(-1) !== to - 1 ? [...found, to - 1] : found;
}

function spoilt({ disk, path }: Crashed, at: number): SimulatedDisk {
  const copy = disk.crash("lose");
  copy.pace = () => 0;
  copy.flip(path, at, 1 << (at & 7));
  return copy;
}

/** Opens it, and holds all that is there to what was acknowledged up to a group. Returns what the health says. */
async function requireThrough(log: Crashed, at: number, lsn: number): Promise<readonly string[]> {
  const { options, stored } = log;
  const where = `byte ${at} of ${log.path}`;
  const disk = spoilt(log, at);
  const engine = await openSmallEngine(disk, options);
  const kept = [...stored].filter(([group]) => group <= lsn).map(([, texts]) => texts);
  const lookedAt = kept.slice(-entriesLookedAt);
  for (const [index, name] of streams.entries()) {
    const shard = await makeShard(engine, name);
    const found = await readTexts(engine, shard, BigInt(kept.length - lookedAt.length + 1));
    assert.equal(await engine.log.seek(shard, { at: "newest" }), BigInt(kept.length + 1), where);
    assert.equal(found.length, lookedAt.length, where);
    assert(
      found.every((text, place) => text === lookedAt[place]?.[index]),
      where,
    );
  }
  const { ready, degraded } = await engine.health();
  assert.equal(ready, true);
  if (at % writingStep === 0) await putBoth(engine, ["afterwards", "afterwards"]);
  await engine.close();
  return degraded;
}

/** A flip in one of the last two leaves out that group and what is behind it, and says so. Returns how many were tried. */
export async function flipLastTwo(variant: Variant): Promise<number> {
  const log = await crashed(variant);
  const bytes = log.disk.bytesOf(log.path);
  let count = 0;
  for (const group of log.groups.slice(-2)) {
    for (const at of bytesOfEachKind(bytes, group, variant.headStep)) {
      const where = `byte ${at - group.at} of group ${group.lsn}`;
      const { problems } = await verifyDirectory(spoilt(log, at), dataDirectory);
      const [sentence = "", ...others] = await requireThrough(log, at, group.lsn - 1);
      assert.deepEqual(others, [], where);
      assert.match(sentence, new RegExp(`at byte ${group.at} is incomplete and was left out`), where);
      assert(problems.includes(sentence), where);
      count += 1;
    }
  }
  return count;
}

/** A flip in any before them refuses the directory. */
export async function flipEarlierGroups(variant: Variant): Promise<number> {
  const log = await crashed(variant);
  const bytes = log.disk.bytesOf(log.path);
  let count = 0;
  for (const group of log.groups.slice(0, -2)) {
    for (const at of bytesOfEachKind(bytes, group, variant.headStep)) {
      const where = `byte ${at - group.at} of group ${group.lsn}`;
      const disk = spoilt(log, at);
      const message = new RegExp(
        `group ${group.lsn} in wal/\\d+\\.wal at byte ${group.at} was acknowledged and cannot be read`,
      );
      await assert.rejects(smallEngine(disk, log.options).open(), { kind: "corrupt", message }, where);
      assert.match((await verifyDirectory(disk, dataDirectory)).problems.join(), message, where);
      count += 1;
    }
  }
  return count;
}

/** A flip in the file's headers, or behind its last group, loses nothing. */
export async function flipAround(variant: Variant): Promise<number> {
  const log = await crashed(variant);
  const { lsn = 0, end = 0 } = log.groups.at(-1) ?? {};
  const inHeaders = range(0, walHeaderBytes, headerStep);
  for (const at of inHeaders) await requireThrough(log, at, lsn);
  const behind = range(end, log.disk.lengthOf(log.path), behindStep);
  for (const at of behind) {
    const { problems } = await verifyDirectory(spoilt(log, at), dataDirectory);
    const degraded = await requireThrough(log, at, lsn);
    assert.deepEqual(problems, degraded, `byte ${at}`);
    // It might be all that came of a group; in a file that was used again other things stand there.
    assert.equal(degraded.length, variant.isRecycled ? 0 : 1, `byte ${at}: ${degraded.join()}`);
  }
  return inHeaders.length + behind.length;
}
