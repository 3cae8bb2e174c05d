import type { Disk } from "../io/disk.ts";
import { readOnlyDisk } from "../io/read-only-disk.ts";
import { recover } from "../recovery/recover.ts";
import { copyDirectory, type DirectoryCopy } from "./copy-directory.ts";

/**
 * A data directory with everything that was acknowledged before the call, taken from one that a server may have open. It is
 * opened once as a server would, which does not look at every byte of segments. Rejects as `copyDirectory()` does.
 */
export function backUpDirectory(disk: Disk, from: string, to: string): Promise<DirectoryCopy> {
  return copyDirectory({
    disk,
    from,
    to,
    check: async (copied) => (await recover(readOnlyDisk(disk), copied)).findings.map(({ sentence }) => sentence),
    keepsProblems: true,
  });
}
