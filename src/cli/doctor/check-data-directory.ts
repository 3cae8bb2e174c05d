import {
  closeSync,
  existsSync,
  fdatasyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { keyringBeside } from "../../config/load-config.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

export interface DirectoryOptions {
  readonly dataDir: string;
  readonly keyring?: string;
  readonly keyringCopy?: string;
}

const syncs = 50;
const blockBytes = 4_096;
/** A disk that syncs in less has no stable storage behind it, or memory. */
const syncMsMin = 0.01;
const syncMsSlow = 10;
const freeBytesMin = 1e9;
const freePartMin = 0.1;
const tmpfsType = 0x01021994;
const othersBits = 0o077;

/** The disk below a data directory, and its keyring. Writes a temporary file beside the directory, and reads no data. */
export function checkDataDirectory(options: DirectoryOptions): readonly Finding[] {
  const directory = resolve(options.dataDir);
  // The directory itself belongs to the server that may have it open.
  const place = existsSync(directory) ? dirname(directory) : nearestFolder(directory);
  return [
    existsSync(join(directory, "format"))
      ? ok("data directory", directory)
      : warn("data directory", `${directory} has no data yet`, "the first start of a server makes it"),
    ...checkDisk(place),
    checkKeyring(options, directory),
  ];
}

function nearestFolder(path: string): string {
  const parent = dirname(path);
  return existsSync(parent) || parent === path ? parent : nearestFolder(parent);
}

function checkDisk(place: string): readonly Finding[] {
  const { bavail, blocks, bsize, type } = statfsSync(place);
  const freeBytes = bavail * bsize;
  const text = `${(freeBytes / 1e9).toFixed(1)} GB free, ${Math.round((100 * bavail) / blocks)} %`;
  const isFull = freeBytes < freeBytesMin || bavail / blocks < freePartMin;
  const space = isFull ? warn("disk space", text, "free space, or shorten retention") : ok("disk space", text);
  if (type === tmpfsType) {
    return [space, fail("disk", `${place} is in memory (tmpfs), so a power cut takes everything`, "use a disk")];
  }
  try {
    return [space, judgeSync(medianSyncMs(place))];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [space, warn("disk", `its speed cannot be measured: ${why}`, "run doctor as the user of the server")];
  }
}

function judgeSync(ms: number): Finding {
  const text = `a sync of 4 KiB takes ${ms.toFixed(2)} ms (median of ${syncs})`;
  if (ms < syncMsMin) return warn("disk", `${text}, faster than any disk`, "make sure that syncs are not turned off");
  if (ms > syncMsSlow) return warn("disk", `${text}, and each put waits for one`, "use a local SSD");
  return ok("disk", text);
}

function medianSyncMs(place: string): number {
  const folder = mkdtempSync(join(place, "millrace-doctor-"));
  try {
    const file = openSync(join(folder, "block"), "w");
    const block = Buffer.alloc(blockBytes, 1);
    const times = Array.from({ length: syncs }, () => {
      const startMs = performance.now();
      writeSync(file, block);
      fdatasyncSync(file);
      return performance.now() - startMs;
    });
    closeSync(file);
    return times.sort((a, b) => a - b)[syncs / 2] ?? 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A keyring that is lost takes all encrypted records with it. */
function checkKeyring({ keyring, keyringCopy }: DirectoryOptions, directory: string): Finding {
  const path = keyring === undefined ? keyringBeside(directory) : resolve(keyring);
  if (!existsSync(path)) {
    if (keyring !== undefined) return fail("keyring", `${path} is missing`, "put it back before the server starts");
    return ok("keyring", "there is none, so no stream is encrypted with one");
  }
  if ((statSync(path).mode & othersBits) !== 0) {
    return fail("keyring", `other users may read ${path}`, `chmod 600 ${path}`);
  }
  const advice = "copy it to another machine, apart from backups of the data, and compare with --keyring-copy FILE";
  if (keyringCopy === undefined) return warn("keyring", `${path}; whether a copy exists is not known here`, advice);
  if (!existsSync(keyringCopy)) return fail("keyring", `the copy ${keyringCopy} is missing`, advice);
  const isSame = readFileSync(path).equals(readFileSync(keyringCopy));
  return isSame
    ? ok("keyring", "the copy is the same")
    : fail("keyring", "the copy is another one, perhaps older", advice);
}
