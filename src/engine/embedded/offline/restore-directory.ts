import type { Disk } from "../io/disk.ts";
import { copyDirectory, type DirectoryCopy } from "./copy-directory.ts";
import { verifyLockedDirectory } from "./verify-directory.ts";

/**
 * Makes a data directory from a backup, which is not changed. Every byte is verified first; if there is a problem, `to` is
 * left empty. Rejects as `copyDirectory()` does.
 */
export function restoreDirectory(disk: Disk, from: string, to: string): Promise<DirectoryCopy> {
  return copyDirectory({
    disk,
    from,
    to,
    check: async (copied) => (await verifyLockedDirectory(disk, copied)).problems,
    keepsProblems: false,
  });
}
