/**
 * - `locked`      another process has the directory open
 * - `foreign`     it has files, but is no data directory
 * - `newer`       a later version of the format made it
 * - `unreadable`  it cannot be read or written, or `format` or `directory.key` is damaged
 * - `dev_clock`   a clock that can be moved (`--dev`) was used in it, and this start has none
 * - `encrypted`   it is encrypted, and this start has no keys
 * - `plain`       it is not encrypted, and this start asks for encryption
 * - `key`         its key cannot be created or unwrapped, or is that of another directory
 * - `occupied`    it is the target of a copy, and is not empty
 * - `restless`    it changed faster than it could be copied
 */
export type DataDirectoryReason =
  | "locked"
  | "foreign"
  | "newer"
  | "unreadable"
  | "dev_clock"
  | "encrypted"
  | "plain"
  | "key"
  | "occupied"
  | "restless";

/** Why a data directory was refused, for the person who started the server. Nothing in it was changed. */
export class DataDirectoryError extends Error {
  readonly reason: DataDirectoryReason;

  constructor(reason: DataDirectoryReason, sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = "DataDirectoryError";
    this.reason = reason;
  }
}
