import type { SessionCipher } from "../../../cipher/session-cipher.ts";
import type { DirectoryIdentity } from "../format/format-file.ts";
import { encodeKeyFile, isProven, type KeyFile, keyFileName, loadKeyFile } from "../format/key-file.ts";
import { encodeMirrored } from "../format/mirrored-file.ts";
import type { DamageFinding } from "../io/damage-files.ts";
import { DataDirectoryError } from "../io/data-directory-error.ts";
import { type Disk, replaceFile } from "../io/disk.ts";
import { createContentCipher, sessionIdByteCount } from "./content-cipher.ts";
import type { RootKeyProvider } from "./root-key-provider.ts";

export interface DirectoryKeyOptions {
  readonly disk: Disk;
  readonly directory: string;
  readonly randomBytes: (byteCount: number) => Buffer;
}

/** Creates the root key of a new directory (docs/file-format.md section 9); `directory.key` is durable when it resolves. */
export async function makeDirectoryKey(
  { disk, directory, randomBytes }: DirectoryKeyOptions,
  keys: RootKeyProvider,
  identity: DirectoryIdentity,
): Promise<SessionCipher> {
  const made = await withKeyErrors("created", directory, () => keys.make(identity.directoryId.toString("hex")));
  const cipher = createContentCipher(made.rootKey, identity, randomBytes(sessionIdByteCount));
  await replaceFile(disk, directory, keyFileName, encodeKeyFile(made.wrapped, cipher, identity));
  return cipher;
}

/** Reads and verifies `directory.key`. One damaged copy is a finding; two throw `DataDirectoryError("unreadable")`. */
export async function readKeyFile(
  { disk, directory }: Pick<DirectoryKeyOptions, "disk" | "directory">,
  identity: DirectoryIdentity,
): Promise<{ readonly file: KeyFile; readonly findings: readonly DamageFinding[] }> {
  const loaded = await loadKeyFile(disk, directory, identity);
  if (loaded.kind !== "whole") {
    const what = loaded.kind === "absent" ? "missing" : "damaged in both copies (checksum mismatch)";
    const sentence =
      `The key file ${directory}/${keyFileName} is ${what}: the data directory cannot be decrypted without it. ` +
      "Restore this file from a backup of the same directory.";
    throw new DataDirectoryError("unreadable", sentence);
  }
  const { value, damagedHalf, halfBytes } = loaded;
  if (damagedHalf === undefined) return { file: value, findings: [] };
  const sentence = `One of the two copies in ${keyFileName} is damaged (checksum mismatch). No data is lost: the other copy is intact. Check the disk.`;
  return { file: value, findings: [{ file: keyFileName, offset: damagedHalf * halfBytes, sentence }] };
}

/** Rewrites both copies from the one that is intact: damage to that one too would lose all data. */
export async function repairKeyFile(
  options: Pick<DirectoryKeyOptions, "disk" | "directory">,
  identity: DirectoryIdentity,
): Promise<void> {
  const { file } = await readKeyFile(options, identity);
  await replaceFile(options.disk, options.directory, keyFileName, encodeMirrored(file.content, identity));
}

/** Unwraps the root key and begins a cipher session. Throws `DataDirectoryError("key")` if that fails or it is another key. */
export async function openDirectoryKey(
  { directory, randomBytes }: Pick<DirectoryKeyOptions, "directory" | "randomBytes">,
  {
    keys,
    file,
    identity,
  }: { readonly keys: RootKeyProvider; readonly file: KeyFile; readonly identity: DirectoryIdentity },
): Promise<SessionCipher> {
  const id = identity.directoryId.toString("hex");
  const rootKey = await withKeyErrors("unwrapped", directory, () => keys.open(file.wrapped, id));
  const cipher = createContentCipher(rootKey, identity, randomBytes(sessionIdByteCount));
  if (isProven(file, cipher, identity)) return cipher;
  const sentence = `The master key unwraps another root key than the one that encrypts the data directory ${directory}, so it was not opened. Nothing was changed. Start with the keyring or KMS key of this directory.`;
  throw new DataDirectoryError("key", sentence);
}

/** Turns any error of a key provider into a `DataDirectoryError("key")`. */
async function withKeyErrors<Result>(what: string, directory: string, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const sentence = `The root key of the encrypted data directory ${directory} cannot be ${what}, so the directory was not opened: ${reason}`;
    throw new DataDirectoryError("key", sentence, { cause: error });
  }
}
