// The composition root of the commands that work on a data directory without a server.
import { configDefaults, encryptAtRestKeyIdDefault, type KeyProviderConfig } from "../config/config.ts";
import type { RootKeyProvider } from "../engine/embedded/directory/root-key-provider.ts";
import type { DirectoryCopy } from "../engine/embedded/offline/copy-directory.ts";
import type { VerifyReport } from "../engine/embedded/offline/verify-directory.ts";
import { systemClock } from "../time/system-clock.ts";
import { createKeyProvider, rootKeyProviderFor } from "./create-key-provider.ts";

export type { DirectoryCopy, VerifyReport };

/**
 * Verifies every checksum, index and position of a data directory, and with `choice` decrypts all of an encrypted one.
 * Rejects with `DataDirectoryError` if that is not possible.
 */
export async function verifyData(directory: string, choice: KeyProviderConfig | undefined): Promise<VerifyReport> {
  const { nodeDisk } = await import("../engine/embedded/io/node-disk.ts");
  const { verifyDirectory } = await import("../engine/embedded/offline/verify-directory.ts");
  return withKeys(choice, (keys) => verifyDirectory(nodeDisk, directory, keys));
}

/**
 * The contents of a data directory, as a value for JSON; without `choice` only numbers of an encrypted one. Rejects with
 * `DataDirectoryError` if that is not possible.
 */
export async function inspectData(directory: string, choice: KeyProviderConfig | undefined): Promise<object> {
  const { nodeDisk } = await import("../engine/embedded/io/node-disk.ts");
  const { inspectDirectory } = await import("../engine/embedded/offline/inspect-directory.ts");
  return withKeys(choice, (keys) => inspectDirectory(nodeDisk, directory, keys));
}

async function withKeys<Result>(
  choice: KeyProviderConfig | undefined,
  look: (keys: RootKeyProvider | undefined) => Promise<Result>,
): Promise<Result> {
  if (choice === undefined) return look(undefined);
  const { provider, close } = await createKeyProvider(choice, systemClock.nowMs);
  try {
    // Only keys are made under a name, account and region; reading needs none of them.
    return await look(rootKeyProviderFor(provider, encryptAtRestKeyIdDefault, configDefaults));
  } finally {
    close();
  }
}

/** Copies everything acknowledged so far into an empty or absent directory. Rejects with `DataDirectoryError` or `EngineError`. */
export async function backUpData(from: string, to: string): Promise<DirectoryCopy> {
  const { nodeDisk } = await import("../engine/embedded/io/node-disk.ts");
  const { backUpLiveDirectory } = await import("../engine/embedded/offline/backup-live-directory.ts");
  return backUpLiveDirectory(nodeDisk, from, to);
}

/** Verifies a backup and copies it into an empty or absent directory. Rejects with `DataDirectoryError` or `EngineError`. */
export async function restoreData(from: string, to: string): Promise<DirectoryCopy> {
  const { nodeDisk } = await import("../engine/embedded/io/node-disk.ts");
  const { restoreDirectory } = await import("../engine/embedded/offline/restore-directory.ts");
  return restoreDirectory(nodeDisk, from, to);
}
