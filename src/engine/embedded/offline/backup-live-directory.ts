import type { Disk } from "../io/disk.ts";
import { writeDiscardingDisk } from "../io/write-discarding-disk.ts";
import { recover } from "../recovery/recover.ts";
import { copyDirectory, type DirectoryCopy } from "./copy-directory.ts";

/**
 * Copies a data directory that a server may have open, with everything that was acknowledged before the call. The copy is
 * recovered once as at a start, which does not read every byte of segments. Rejects as `copyDirectory()` does.
 */
export function backUpLiveDirectory(disk: Disk, from: string, to: string): Promise<DirectoryCopy> {
  return copyDirectory({
    disk,
    from,
    to,
    check: async (copied) =>
      (await recover(writeDiscardingDisk(disk), copied)).findings.map(({ sentence }) => sentence),
    keepsProblems: true,
  });
}
