/** The identity that a request acts for. Streams, limits and settings belong to an account and region. */
export interface Caller {
  readonly account: string;
  readonly region: string;
  /** Absent for an unsigned request under `--allow-anonymous`. */
  readonly accessKeyId?: string;
  /** The signature was verified and the request was authorized, so it may name streams of other accounts by ARN. */
  readonly isVerified?: true;
}
