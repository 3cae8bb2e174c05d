/** On whose behalf a request runs. Streams, limits and settings live per account and region. */
export interface Caller {
  readonly account: string;
  readonly region: string;
  /** Absent for an unsigned request under `--allow-anonymous`. */
  readonly accessKeyId?: string;
}
