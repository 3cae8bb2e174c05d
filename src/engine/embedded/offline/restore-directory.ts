import type { Disk } from "../io/disk.ts";
import { copyDirectory, type DirectoryCopy } from "./copy-directory.ts";
import { verifyOpenDirectory } from "./verify-directory.ts";

/**
 * A data directory from a backup, which stays as it is. Every byte is looked at first; with any problem there is nothing at
 * `to` afterwards. Rejects as `copyDirectory()` does.
 */
export function restoreDirectory(disk: Disk, from: string, to: string): Promise<DirectoryCopy> {
  return copyDirectory({
    disk,
    from,
    to,
    check: async (copied) => (await verifyOpenDirectory(disk, copied)).problems,
    keepsProblems: false,
  });
}
