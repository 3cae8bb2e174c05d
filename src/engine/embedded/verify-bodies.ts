// Opens what is encrypted in a WAL file, which recovery does only as far as it needs it. docs/file-format.md section 9.
import type { SessionCipher } from "../../cipher/session-cipher.ts";
import { damaged } from "./damage.ts";
import { frameSpanAt, openBodyAt } from "./frame.ts";
import { groupHeaderBytes } from "./group.ts";
import { walFileName, walHeaderBytes } from "./wal-file.ts";
import type { WalScan } from "./wal-scan.ts";
import type { WalPart } from "./wal-writer.ts";

/** Throws `corrupt` at the first frame that the key does not open. The groups have been found whole before. */
export async function verifyBodies(scan: WalScan, part: WalPart, cipher: SessionCipher): Promise<void> {
  let lsn = part.firstLsn;
  for (let groupAt = walHeaderBytes; groupAt < part.end; lsn++) {
    const group = await scan.groupAt(groupAt, lsn);
    const place = `group ${lsn} in wal/${walFileName(part.generation)} at byte ${groupAt}`;
    if (group === undefined) throw damaged(`${place} cannot be read`);
    const { bytes, header } = group;
    for (let at = groupHeaderBytes; at < header.used; at += frameSpanAt(bytes, at)) {
      const isOpen = openBodyAt(bytes, at, cipher) !== undefined;
      if (!isOpen) throw damaged(`${place} has a frame that the directory's key does not open`);
    }
    groupAt += header.length;
  }
}
