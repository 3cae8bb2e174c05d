/** What the disk has and how soon it answers. */
import { closeSync, fdatasyncSync, lstatSync, openSync, readdirSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";
import { median } from "./report.ts";

const probeRounds = 50;
const probeBytes = 4096;
/** Bytes of one block in `st_blocks`, on every file system. */
const statBlockBytes = 512;

/** The median time of writing one block behind the last and syncing it, in ms. */
export function syncMs(directory: string): number {
  const path = join(directory, "sync-probe.tmp");
  const file = openSync(path, "w");
  const block = Buffer.alloc(probeBytes, 1);
  try {
    const times = Array.from({ length: probeRounds }, () => {
      const begin = performance.now();
      writeSync(file, block);
      fdatasyncSync(file);
      return performance.now() - begin;
    });
    return median(times);
  } finally {
    closeSync(file);
    rmSync(path);
  }
}

/** Bytes that the files below a directory take, holes not counted. */
export function usedBytes(directory: string): number {
  let bytes = 0;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += lstatSync(join(entry.parentPath, entry.name)).blocks * statBlockBytes;
  }
  return bytes;
}

export function freeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}
