// The composition root of what looks at a data directory without serving it.
import { configDefaults, directoryKeyIdDefault, type KeysChoice } from "../config/config.ts";
import type { RootKeyProvider } from "../engine/embedded/directory/root-key-provider.ts";
import type { DirectoryCopy } from "../engine/embedded/offline/copy-directory.ts";
import type { VerifyReport } from "../engine/embedded/offline/verify-directory.ts";
import { systemClock } from "../time/system-clock.ts";
import { createKeyProvider, rootKeyProviderFor } from "./create-key-provider.ts";

export type { DirectoryCopy, VerifyReport };

/**
 * Every checksum, index and position of a directory; of an encrypted one also whether its key opens everything, if it is told
 * who keeps the master key. Rejects with one sentence if it cannot be looked at.
 */
export async function verifyData(directory: string, choice: KeysChoice | undefined): Promise<VerifyReport> {
  const { nodeDisk } = await import("../engine/embedded/io/node-disk.ts");
  const { verifyDirectory } = await import("../engine/embedded/offline/verify-directory.ts");
  return withKeys(choice, (keys) => verifyDirectory(nodeDisk, directory, keys));
}

/**
 * What a directory holds, as a value for JSON; of an encrypted one only numbers, unless it is told who keeps the master key.
 * Rejects with one sentence if it cannot be looked at.
 */
export async function inspectData(directory: string, choice: KeysChoice | undefined): Promise<object> {
  const { nodeDisk } = await import("../engine/embedded/io/node-disk.ts");
  const { inspectDirectory } = await import("../engine/embedded/offline/inspect-directory.ts");
  return withKeys(choice, (keys) => inspectDirectory(nodeDisk, directory, keys));
}

async function withKeys<Result>(
  choice: KeysChoice | undefined,
  look: (keys: RootKeyProvider | undefined) => Promise<Result>,
): Promise<Result> {
  if (choice === undefined) return look(undefined);
  const { provider, close } = await createKeyProvider(choice, systemClock.nowMs);
  try {
    // Nobody who looks makes a key, so that its name and place play no part.
    return await look(rootKeyProviderFor(provider, directoryKeyIdDefault, configDefaults));
  } finally {
    close();
  }
}

/** Everything acknowledged so far, in a directory that is empty or absent. Rejects with one sentence if it cannot be. */
export async function backUpData(from: string, to: string): Promise<DirectoryCopy> {
  const { nodeDisk } = await import("../engine/embedded/io/node-disk.ts");
  const { backUpDirectory } = await import("../engine/embedded/offline/backup-directory.ts");
  return backUpDirectory(nodeDisk, from, to);
}

/** A backup that proves whole, in a directory that is empty or absent. Rejects with one sentence if it cannot be. */
export async function restoreData(from: string, to: string): Promise<DirectoryCopy> {
  const { nodeDisk } = await import("../engine/embedded/io/node-disk.ts");
  const { restoreDirectory } = await import("../engine/embedded/offline/restore-directory.ts");
  return restoreDirectory(nodeDisk, from, to);
}
