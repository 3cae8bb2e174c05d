/** What the disk itself takes, to hold an acknowledgement against. */
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "./report.ts";

const blockBytes = 4096;
const blockCount = 64;
const syncCount = 150;

/** The median ms of writing one block over bytes that were written before, and `fdatasync`. */
export function measureDiskSync(): number {
  const path = join(tmpdir(), `millrace-bench-sync-${process.pid}`);
  const file = openSync(path, "w");
  try {
    const block = Buffer.alloc(blockBytes, 1);
    for (let i = 0; i < blockCount; i++) writeSync(file, block, 0, blockBytes, i * blockBytes);
    fdatasyncSync(file);
    const tookMs = Array.from({ length: syncCount }, (_, i) => {
      const beginMs = performance.now();
      writeSync(file, block, 0, blockBytes, (i % blockCount) * blockBytes);
      fdatasyncSync(file);
      return performance.now() - beginMs;
    });
    return median(tookMs);
  } finally {
    closeSync(file);
    rmSync(path);
  }
}
