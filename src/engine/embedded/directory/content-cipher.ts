import { SessionCipher } from "../../../cipher/session-cipher.ts";
import type { DirectoryIdentity } from "../format/format-file.ts";

/** What the content of a directory is written and read with. docs/file-format.md section 9. */
export interface ContentAccess {
  readonly identity: DirectoryIdentity;
  /** For bodies and snapshots; undefined in a plain directory, and without the key of an encrypted one. */
  readonly cipher: SessionCipher | undefined;
  /** The directory is encrypted and the key was not given: only checksums and numbers can be read. */
  readonly isClosed: boolean;
}

export const sessionIdByteCount = 16;

/** `session`: 16 bytes that were never used with this root key. */
export function createContentCipher(
  rootKey: Uint8Array,
  { directoryId }: DirectoryIdentity,
  session: Buffer,
): SessionCipher {
  return new SessionCipher({ rootKey, session, purpose: `millrace directory ${directoryId.toString("hex")}` });
}
