// Opens what is encrypted in a WAL file, which recovery does only as far as it needs it. docs/file-format.md section 9.
import type { SessionCipher } from "../../../cipher/session-cipher.ts";
import { groupHeaderBytes } from "../format/commit-group.ts";
import { clearBodyAt, frameSpanAt } from "../format/frame.ts";
import { walFileName, walHeaderBytes } from "../format/wal-file.ts";
import { damaged } from "../io/damage.ts";
import type { WalScan } from "../wal/wal-scan.ts";
import type { WalFileInfo } from "../wal/wal-writer.ts";

/** Throws `corrupt` at the first frame that the key does not open. The groups have been found whole before. */
export async function verifyEncryptedBodies(scan: WalScan, walFile: WalFileInfo, cipher: SessionCipher): Promise<void> {
  let lsn = walFile.firstLsn;
  for (let groupAt = walHeaderBytes; groupAt < walFile.end; lsn++) {
    const group = await scan.groupAt(groupAt, lsn);
    const place = `group ${lsn} in wal/${walFileName(walFile.generation)} at byte ${groupAt}`;
    if (group === undefined) throw damaged(`${place} cannot be read`);
    const { bytes, header } = group;
    for (let at = groupHeaderBytes; at < header.used; at += frameSpanAt(bytes, at)) {
      const isOpen = clearBodyAt(bytes, at, cipher) !== undefined;
      if (!isOpen) throw damaged(`${place} has a frame that the directory's key does not open`);
    }
    groupAt += header.length;
  }
}
