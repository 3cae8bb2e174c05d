// Makes and opens the root key of an encrypted directory. docs/file-format.md section 9.
import type { SessionCipher } from "../../../cipher/session-cipher.ts";
import type { DirectoryIdentity } from "../format/format-file.ts";
import { encodeKeyFile, isProven, type KeyFile, keyFileName, loadKeyFile } from "../format/key-file.ts";
import { encodeMirrored } from "../format/mirrored-file.ts";
import type { Finding } from "../io/damage-report.ts";
import { DataDirectoryError } from "../io/data-directory-error.ts";
import { type Disk, replaceFile } from "../io/disk.ts";
import { directoryCipher, sessionIdBytes } from "./directory-cipher.ts";
import type { RootKeyProvider } from "./root-key-provider.ts";

export interface DirectoryKeyOptions {
  readonly disk: Disk;
  readonly directory: string;
  readonly randomBytes: (byteCount: number) => Buffer;
}

/** For a directory that is being made; its file is durable when it resolves. */
export async function makeDirectoryKey(
  { disk, directory, randomBytes }: DirectoryKeyOptions,
  keys: RootKeyProvider,
  identity: DirectoryIdentity,
): Promise<SessionCipher> {
  const made = await tried("made", directory, () => keys.make(identity.directoryId.toString("hex")));
  const cipher = directoryCipher(made.rootKey, identity, randomBytes(sessionIdBytes));
  await replaceFile(disk, directory, keyFileName, encodeKeyFile(made.wrapped, cipher, identity));
  return cipher;
}

/** The file, verified, and a finding if one of its two copies is damaged. Throws `DataDirectoryError` if both are. */
export async function readKeyFile(
  { disk, directory }: Pick<DirectoryKeyOptions, "disk" | "directory">,
  identity: DirectoryIdentity,
): Promise<{ readonly file: KeyFile; readonly findings: readonly Finding[] }> {
  const loaded = await loadKeyFile(disk, directory, identity);
  if (loaded.kind !== "whole") {
    const what = loaded.kind === "absent" ? "missing" : "damaged";
    const sentence = `The file ${directory}/${keyFileName} is ${what}; without it nothing in the directory can be read.`;
    throw new DataDirectoryError("unreadable", sentence);
  }
  const { value, damagedHalf, halfBytes } = loaded;
  if (damagedHalf === undefined) return { file: value, findings: [] };
  const sentence = `One of the two copies in ${keyFileName} is damaged; the other one is whole, so nothing is lost.`;
  return { file: value, findings: [{ file: keyFileName, offset: damagedHalf * halfBytes, sentence }] };
}

/** Writes both copies again from the one that is whole: damage to that one would lose all data. */
export async function repairKeyFile(
  options: Pick<DirectoryKeyOptions, "disk" | "directory">,
  identity: DirectoryIdentity,
): Promise<void> {
  const { file } = await readKeyFile(options, identity);
  await replaceFile(options.disk, options.directory, keyFileName, encodeMirrored(file.content, identity));
}

/** A cipher of a new session. Throws `DataDirectoryError` if the key cannot be had or is another's. */
export async function openDirectoryKey(
  { directory, randomBytes }: Pick<DirectoryKeyOptions, "directory" | "randomBytes">,
  {
    keys,
    file,
    identity,
  }: { readonly keys: RootKeyProvider; readonly file: KeyFile; readonly identity: DirectoryIdentity },
): Promise<SessionCipher> {
  const id = identity.directoryId.toString("hex");
  const rootKey = await tried("opened", directory, () => keys.open(file.wrapped, id));
  const cipher = directoryCipher(rootKey, identity, randomBytes(sessionIdBytes));
  if (isProven(file, cipher, identity)) return cipher;
  const sentence = `The key that was found for the data directory ${directory} is not the one that it was encrypted with.`;
  throw new DataDirectoryError("key", sentence);
}

/** Whatever hinders a key provider hinders the start, and is no fault of the directory's. */
async function tried<Result>(what: string, directory: string, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const sentence = `The key of the encrypted data directory ${directory} cannot be ${what}: ${reason}`;
    throw new DataDirectoryError("key", sentence, { cause: error });
  }
}
