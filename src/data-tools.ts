// The composition root of what looks at a data directory without serving it.
import type { DirectoryCopy } from "./engine/embedded/copy-directory.ts";
import type { VerifyReport } from "./engine/embedded/verify-directory.ts";

export type { DirectoryCopy, VerifyReport };

/** Every checksum, index and position of a directory. Rejects with one sentence if it cannot be looked at. */
export async function verifyData(directory: string): Promise<VerifyReport> {
  const { nodeDisk } = await import("./engine/embedded/node-disk.ts");
  const { verifyDirectory } = await import("./engine/embedded/verify-directory.ts");
  return verifyDirectory(nodeDisk, directory);
}

/** What a directory holds, as a value for JSON. Rejects with one sentence if it cannot be looked at. */
export async function inspectData(directory: string): Promise<object> {
  const { nodeDisk } = await import("./engine/embedded/node-disk.ts");
  const { inspectDirectory } = await import("./engine/embedded/inspect-directory.ts");
  return inspectDirectory(nodeDisk, directory);
}

/** Everything acknowledged so far, in a directory that is empty or absent. Rejects with one sentence if it cannot be. */
export async function backUpData(from: string, to: string): Promise<DirectoryCopy> {
  const { nodeDisk } = await import("./engine/embedded/node-disk.ts");
  const { backUpDirectory } = await import("./engine/embedded/backup-directory.ts");
  return backUpDirectory(nodeDisk, from, to);
}

/** A backup that proves whole, in a directory that is empty or absent. Rejects with one sentence if it cannot be. */
export async function restoreData(from: string, to: string): Promise<DirectoryCopy> {
  const { nodeDisk } = await import("./engine/embedded/node-disk.ts");
  const { restoreDirectory } = await import("./engine/embedded/restore-directory.ts");
  return restoreDirectory(nodeDisk, from, to);
}
