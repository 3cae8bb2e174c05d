/**
 * - `locked`      another process has the directory open
 * - `foreign`     it holds something, but not a data directory
 * - `newer`       a later version made it
 * - `unreadable`  it cannot be read or written, or its `format` file is damaged
 * - `dev_clock`   it has seen a dev clock, and this start wants none
 * - `encrypted`   it is encrypted, and this start has no keys
 * - `plain`       it is not encrypted, and this start wants it to be
 * - `key`         its key cannot be made or opened, or is another directory's
 * - `occupied`    it was to be filled, and is not empty
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

/** Why a data directory was refused, in one sentence for the operator. Nothing in it was changed. */
export class DataDirectoryError extends Error {
  readonly reason: DataDirectoryReason;

  constructor(reason: DataDirectoryReason, sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = "DataDirectoryError";
    this.reason = reason;
  }
}
