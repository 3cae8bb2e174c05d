/**
 * The file of the local keyring: JSON, readable by its owner only.
 *
 *     {"millraceKeyring": 1, "sha256": "...", "masterKeys": [{"id", "account", "region", "name", "madeMs", "key"}]}
 *
 * `sha256` is the checksum of the JSON of `masterKeys`. It is read at start and when a key is missing, and replaced when a
 * master key is created, under a lock. The path may be a symbolic link, which stays one.
 */
import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type FileLock, lockFile } from "../platform/file-lock.ts";
import type { MasterKeyRef } from "../streams/master-key-ref.ts";
import { KeyError } from "./key-provider.ts";

export interface MasterKey extends MasterKeyRef {
  /** 16 random bytes in hex. Wrapped keys contain it. */
  readonly id: string;
  readonly madeMs: number;
  /** 32 secret bytes in base64. */
  readonly key: string;
}

const VERSION = 1;
const OWNER_ONLY = 0o600;
const OTHERS = 0o077;
/** Longest wait for another server's lock; it holds it for one small write. */
const lockMsMax = 2_000;
const lockAttemptMs = 20;
/** As of Linux, against links that lead to themselves. */
const linksMax = 40;

/** All master keys of the file; undefined when there is no file. Throws `KeyError`. */
export function readKeyring(file: string): readonly MasterKey[] | undefined {
  let text: string;
  try {
    // O_NONBLOCK: the open of a named pipe would wait for a writer.
    const fd = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      if (process.platform !== "win32") requirePrivate(file, fstatSync(fd));
      text = readFileSync(fd, "utf8");
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (error instanceof KeyError) throw error;
    if (codeOf(error) === "ENOENT") return undefined;
    throw new KeyError(
      "unavailable",
      `The keyring ${file} cannot be read (${codeOf(error)}), nor can data that is encrypted with its keys. Check its path and permissions.`,
      { cause: error },
    );
  }
  const keys = masterKeysOf(text);
  if (keys === undefined)
    throw new KeyError(
      "not_found",
      `The keyring ${file} is damaged, or is not a keyring, so data that is encrypted with its keys cannot be read. Restore it from a backup.`,
    );
  return keys;
}

/** Throws `KeyError` for a file that another user can read, or has made and so knows. */
function requirePrivate(file: string, stats: Stats): void {
  if ((stats.mode & OTHERS) !== 0) {
    throw new KeyError(
      "not_found",
      `The keyring ${file} can be read by other users, so it is not used and encrypted data cannot be read or written. Run chmod 600 on it.`,
    );
  }
  const uid = process.geteuid?.() ?? stats.uid;
  if (stats.uid !== uid) {
    throw new KeyError(
      "not_found",
      `The keyring ${file} belongs to another user (uid ${stats.uid}), who knows its keys, so it is not used and encrypted data cannot be read or written. If it is yours, run chown ${uid} on it, or start the server as its owner.`,
    );
  }
}

/**
 * Replaces the keys of the file by those that `change` returns, atomically and durably, under a lock against other servers.
 * Rejects with `KeyError`; the file is unchanged then.
 */
export async function changeKeyring(
  file: string,
  change: (keys: readonly MasterKey[]) => readonly MasterKey[],
): Promise<readonly MasterKey[]> {
  const real = followLinks(file);
  const held = await lock(file, real);
  try {
    const next = change(readKeyring(file) ?? []);
    replaceDurably(real, keyringText(next));
    return next;
  } catch (error) {
    if (error instanceof KeyError) throw error;
    throw new KeyError(
      "unavailable",
      `The keyring ${file} cannot be written (${codeOf(error)}), so no master key was added. Check the free space and the permissions of its folder.`,
      { cause: error },
    );
  } finally {
    held.release();
  }
}

function keyringText(masterKeys: readonly MasterKey[]): string {
  return `${JSON.stringify({ millraceKeyring: VERSION, sha256: digestOf(masterKeys), masterKeys })}\n`;
}

function masterKeysOf(text: string): readonly MasterKey[] | undefined {
  try {
    const { millraceKeyring, sha256, masterKeys } = JSON.parse(text) as Record<string, unknown>;
    if (millraceKeyring !== VERSION || !Array.isArray(masterKeys) || sha256 !== digestOf(masterKeys)) return undefined;
    return masterKeys as readonly MasterKey[];
  } catch {
    return undefined;
  }
}

function digestOf(masterKeys: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(masterKeys)).digest("hex");
}

function replaceDurably(file: string, text: string): void {
  const temporary = `${file}.tmp`;
  // A file that a crash left there may have another mode.
  rmSync(temporary, { force: true });
  const fd = openSync(temporary, "wx", OWNER_ONLY);
  try {
    writeFileSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, file);
  // Windows cannot open a directory, and needs no sync of it.
  if (process.platform === "win32") return;
  const directory = openSync(dirname(file), "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** Where the file is, or would be made: a rename onto a symbolic link would replace the link. */
function followLinks(file: string): string {
  let path = file;
  for (let count = 0; count < linksMax; count++) {
    try {
      path = resolve(dirname(path), readlinkSync(path));
    } catch {
      // No link, or nothing yet.
      return path;
    }
  }
  return file;
}

/** Keeps other servers from changing the keyring until it is released. Other work goes on while it waits. */
async function lock(file: string, real: string): Promise<FileLock> {
  const end = performance.now() + lockMsMax;
  for (;;) {
    const held = lockFile(`${real}.lock`);
    if (held !== "busy" && held !== "unsupported") return held;
    if (held === "unsupported" || performance.now() > end) break;
    await sleep(lockAttemptMs);
  }
  throw new KeyError(
    "unavailable",
    `The keyring ${file} cannot be locked (${real}.lock), so no master key was added. Another process may use it: try again.`,
  );
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
