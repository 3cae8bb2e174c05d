/** On whose behalf a request runs. Streams, limits and settings revision per account and region. */
export interface Caller {
  readonly account: string;
  readonly region: string;
  /** Absent for an unsigned request under `--allow-anonymous`. */
  readonly accessKeyId?: string;
  /**
   * The signature was verified, and what the request names was found to be allowed: it may name streams of other accounts
   * by ARN.
   */
  readonly isVerified?: true;
}
