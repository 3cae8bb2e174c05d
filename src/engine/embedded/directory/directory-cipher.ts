import { SessionCipher } from "../../../cipher/session-cipher.ts";
import type { DirectoryIdentity } from "../format/format-file.ts";

/** How what stands in a directory is written and read. docs/file-format.md section 9. */
export interface DirectoryContents {
  readonly identity: DirectoryIdentity;
  /** Encrypts bodies and snapshots; undefined in a plain directory, and without the key. */
  readonly cipher: SessionCipher | undefined;
  /** Whether it is encrypted and the key is absent: numbers and checksums can be read, and nothing else. */
  readonly isClosed: boolean;
}

export const sessionIdBytes = 16;

/** `session`: 16 bytes that were never used with this root key. */
export function directoryCipher(
  rootKey: Uint8Array,
  { directoryId }: DirectoryIdentity,
  session: Buffer,
): SessionCipher {
  return new SessionCipher({ rootKey, session, purpose: `millrace directory ${directoryId.toString("hex")}` });
}
