/**
 * The file that a local keyring lives in: JSON, readable by its owner only.
 *
 *     {"millraceKeyring": 1, "sha256": "...", "masterKeys": [{"id", "account", "region", "name", "madeMs", "key"}]}
 *
 * `sha256` is that of the JSON of `masterKeys`, so that damage shows as damage and not as a key that opens nothing. Reading
 * and writing is synchronous: it happens at start and when a master key is made, and no other server may come in between.
 */
import { createHash } from "node:crypto";
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { MasterKeyRef } from "../streams/master-key-ref.ts";
import { KeyError } from "./key-provider.ts";

export interface MasterKey extends MasterKeyRef {
  /** 16 random bytes in hex: what wrapped keys name it by. */
  readonly id: string;
  readonly madeMs: number;
  /** 32 secret bytes in base64. */
  readonly key: string;
}

const VERSION = 1;
const OWNER_ONLY = 0o600;
const OTHERS = 0o077;
/** Another server that holds the lock reads and writes a small file. */
const lockMsMax = 2_000;

/** Every master key of the file; none when there is no file. Throws `KeyError` with a sentence that names the file. */
export function readKeyring(file: string): readonly MasterKey[] {
  let text: string;
  try {
    const fd = openSync(file, "r");
    try {
      const { mode } = fstatSync(fd);
      if (process.platform !== "win32" && (mode & OTHERS) !== 0) {
        throw new KeyError("not_found", `The keyring ${file} is open to others than its owner; chmod 600 it.`);
      }
      text = readFileSync(fd, "utf8");
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (error instanceof KeyError) throw error;
    if (codeOf(error) === "ENOENT") return [];
    throw new KeyError("unavailable", `The keyring ${file} cannot be read (${codeOf(error)}).`, { cause: error });
  }
  const keys = masterKeysOf(text);
  if (keys === undefined) throw new KeyError("not_found", `The keyring ${file} is damaged, or is no keyring at all.`);
  return keys;
}

/**
 * Replaces the file by what `change` makes of its keys: at once or not at all, and durably before it returns. Servers that
 * share a file take turns. Throws `KeyError`; then the file is as it was.
 */
export function changeKeyring(
  file: string,
  change: (keys: readonly MasterKey[]) => readonly MasterKey[],
): readonly MasterKey[] {
  const unlock = lock(file);
  try {
    const next = change(readKeyring(file));
    replaceDurably(file, keyringText(next));
    return next;
  } catch (error) {
    if (error instanceof KeyError) throw error;
    throw new KeyError("unavailable", `The keyring ${file} cannot be written (${codeOf(error)}).`, { cause: error });
  } finally {
    unlock();
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
  // What a crash left there may have another mode.
  rmSync(temporary, { force: true });
  const fd = openSync(temporary, "wx", OWNER_ONLY);
  try {
    writeFileSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, file);
  // Windows has no way to open a directory, and needs none.
  if (process.platform === "win32") return;
  const directory = openSync(dirname(file), "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** The operating system's lock, taken through the SQLite inside Node; it ends with the process, however that ends. */
function lock(file: string): () => void {
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
  const database = new DatabaseSync(`${file}.lock`, { open: false, timeout: lockMsMax });
  try {
    database.open();
    // No journal: it would be a second file, and nothing is ever written.
    database.exec("PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE");
  } catch (error) {
    if (database.isOpen) database.close();
    throw new KeyError("unavailable", `The keyring ${file} cannot be locked for a change.`, { cause: error });
  }
  return () => database.close();
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
