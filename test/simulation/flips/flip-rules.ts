// The table of docs/file-format.md section 6, byte by byte for one directory that was closed cleanly.
import assert from "node:assert/strict";
import { decodeFormatFile } from "../../../src/engine/embedded/format/format-file.ts";
import { frameLengthAt, frameSpanAt } from "../../../src/engine/embedded/format/frame.ts";
import { decodeRows, decodeTrailer, rowBytes, trailerBytes } from "../../../src/engine/embedded/format/segment-file.ts";
import { readWalHeader, walHeaderBytes, walHeaderFieldBytes } from "../../../src/engine/embedded/format/wal-file.ts";
import { blockBytes } from "../../../src/engine/embedded/io/disk.ts";
import { inspectDirectory } from "../../../src/engine/embedded/offline/inspect-directory.ts";
import { dataDirectory } from "../../support/embedded-engine.ts";
import type { SimulatedDisk } from "../../support/simulated-disk.ts";

/**
 * - `refused`   the directory is not opened, in one sentence
 * - `corrupt`   it opens, and some read is answered with an error
 * - `told`      it opens, everything is there, and the health says that something is amiss
 * - `quiet`     nothing at all is noticed
 */
export type Outcome = "refused" | "corrupt" | "told" | "quiet";

/** What must come of a flip, and whether `millrace verify` must find it. */
export interface Rule {
  readonly outcome: Outcome;
  readonly isVerified: boolean;
}

export const rules = {
  format: { outcome: "refused", isVerified: true },
  /** Either slot: both hold the newest WAL file that must exist, or the one before. */
  newestWal: { outcome: "told", isVerified: true },
  directoryKey: { outcome: "told", isVerified: true },
  manifest: { outcome: "told", isVerified: true },
  newerSnapshot: { outcome: "told", isVerified: true },
  olderSnapshot: { outcome: "quiet", isVerified: true },
  segmentHeader: { outcome: "quiet", isVerified: true },
  segmentFrame: { outcome: "corrupt", isVerified: true },
  segmentFrameGap: { outcome: "quiet", isVerified: true },
  /** In extents of at most 128 KiB, which are read without their points. */
  segmentPoints: { outcome: "quiet", isVerified: true },
  segmentRows: { outcome: "refused", isVerified: true },
  segmentPadding: { outcome: "quiet", isVerified: true },
  segmentTrailer: { outcome: "refused", isVerified: true },
  walHeader: { outcome: "told", isVerified: true },
  walHeaderPadding: { outcome: "quiet", isVerified: true },
  walGroup: { outcome: "refused", isVerified: true },
  /** The last group after a clean close, one block long and without data. */
  walMarker: { outcome: "told", isVerified: true },
  walHole: { outcome: "quiet", isVerified: true },
  /** The former content of a recycled file. */
  walFormerLife: { outcome: "quiet", isVerified: false },
} as const satisfies Readonly<Record<string, Rule>>;

export type Place = keyof typeof rules;

/** Files in which every byte is the same place. */
const uniformFiles: Readonly<Record<string, Place>> = {
  format: "format",
  "newest-wal": "newestWal",
  "directory.key": "directoryKey",
  manifest: "manifest",
};

/** What stands at each byte of each file. */
export async function directoryPathsOf(disk: SimulatedDisk): Promise<ReadonlyMap<string, readonly Place[]>> {
  const ends = await walEnds(disk);
  const [lastWal] = [...ends.keys()].slice(-1);
  const newestSnapshot = disk.paths().findLast((path) => path.endsWith(".snapshot"));
  const all = (path: string, place: Place): readonly Place[] =>
    Array.from({ length: disk.lengthOf(path) }, () => place);
  const placesIn = (path: string): readonly Place[] => {
    const place = uniformFiles[path.slice(path.lastIndexOf("/") + 1)];
    if (place !== undefined) return all(path, place);
    if (path.endsWith(".snapshot")) return all(path, path === newestSnapshot ? "newerSnapshot" : "olderSnapshot");
    if (path.endsWith(".segment")) return segmentPlaces(disk, path);
    const end = ends.get(path) ?? assert.fail(`${path} is no file of the log`);
    return walPlaces(disk, path, { end, isLast: path === lastWal });
  };
  return new Map(disk.paths().map((path) => [path, placesIn(path)]));
}

/** Where the log ends in each of its files, in their order. */
async function walEnds(disk: SimulatedDisk): Promise<ReadonlyMap<string, number>> {
  const { wal } = JSON.parse(JSON.stringify(await inspectDirectory(disk, dataDirectory))) as {
    readonly wal: { readonly files: readonly { readonly file: string; readonly end: number }[] };
  };
  return new Map(wal.files.map(({ file, end }) => [`${dataDirectory}/${file}`, end]));
}

function walPlaces(
  disk: SimulatedDisk,
  path: string,
  { end, isLast }: { readonly end: number; readonly isLast: boolean },
): readonly Place[] {
  const bytes = disk.bytesOf(path);
  const { identity } = decodeFormatFile(disk.bytesOf(`${dataDirectory}/format`), dataDirectory);
  const { isRecycled } = readWalHeader(bytes, identity) ?? assert.fail(path);
  const places: Place[] = [];
  for (let at = 0; at < walHeaderBytes; at++) {
    places.push(at % blockBytes < walHeaderFieldBytes ? "walHeader" : "walHeaderPadding");
  }
  while (places.length < end) places.push(isLast && places.length >= end - blockBytes ? "walMarker" : "walGroup");
  while (places.length < bytes.length) places.push(isRecycled ? "walFormerLife" : "walHole");
  return places;
}

function segmentPlaces(disk: SimulatedDisk, path: string): readonly Place[] {
  const bytes = disk.bytesOf(path);
  const { identity } = decodeFormatFile(disk.bytesOf(`${dataDirectory}/format`), dataDirectory);
  const trailerAt = bytes.length - trailerBytes;
  const { rowsOffset, rowCount } = decodeTrailer(bytes.subarray(trailerAt), identity) ?? assert.fail(path);
  const rowsEnd = rowsOffset + rowCount * rowBytes;
  const extentsEnd = Math.min(
    ...decodeRows(bytes.subarray(rowsOffset, rowsEnd)).map(({ pointsOffset }) => pointsOffset),
  );
  const places: Place[] = Array.from({ length: bytes.length }, () => "segmentTrailer");
  places.fill("segmentHeader", 0, blockBytes);
  for (let at = blockBytes; at < extentsEnd; ) {
    const frameEnd = at + frameLengthAt(bytes, at);
    const next = at + frameSpanAt(bytes, at);
    places.fill("segmentFrame", at, frameEnd);
    places.fill("segmentFrameGap", frameEnd, next);
    at = next;
  }
  places.fill("segmentPoints", extentsEnd, rowsOffset);
  places.fill("segmentRows", rowsOffset, rowsEnd);
  places.fill("segmentPadding", rowsEnd, trailerAt);
  return places;
}
