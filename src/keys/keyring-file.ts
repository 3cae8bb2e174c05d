/**
 * The file of the local keyring: JSON, readable by its owner only.
 *
 *     {"millraceKeyring": 1, "sha256": "...", "masterKeys": [{"id", "account", "region", "name", "madeMs", "key"}]}
 *
 * `sha256` is the checksum of the JSON of `masterKeys`. Access is synchronous: it happens at start and when a master key is
 * created, under a lock.
 */
import { createHash } from "node:crypto";
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
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

/** All master keys of the file; none when there is no file. Throws `KeyError`. */
export function readKeyring(file: string): readonly MasterKey[] {
  let text: string;
  try {
    const fd = openSync(file, "r");
    try {
      const { mode } = fstatSync(fd);
      if (process.platform !== "win32" && (mode & OTHERS) !== 0) {
        throw new KeyError(
          "not_found",
          `The keyring ${file} can be read by other users, so it is not used and encrypted data cannot be read or written. Run chmod 600 on it.`,
        );
      }
      text = readFileSync(fd, "utf8");
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (error instanceof KeyError) throw error;
    if (codeOf(error) === "ENOENT") return [];
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

/**
 * Replaces the keys of the file by those that `change` returns, atomically and durably, under a lock against other servers.
 * Throws `KeyError`; the file is unchanged then.
 */
export function changeKeyring(
  file: string,
  change: (keys: readonly MasterKey[]) => readonly MasterKey[],
): readonly MasterKey[] {
  const held = lock(file);
  try {
    const next = change(readKeyring(file));
    replaceDurably(file, keyringText(next));
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

/** Keeps other servers from changing the keyring until it is released. */
function lock(file: string): FileLock {
  const held = lockFile(`${file}.lock`, lockMsMax);
  if (held !== "busy" && held !== "unsupported") return held;
  throw new KeyError(
    "unavailable",
    `The keyring ${file} cannot be locked (${file}.lock), so no master key was added. Another process may use it: try again.`,
  );
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
