/** Where a bucket is and with which rights it is used, as the operator's file says. */
export interface BucketAccess {
  /** Absent: the endpoint of AWS in the region. */
  readonly endpoint?: string;
  readonly region: string;
  /** Whether the bucket's name is in the path of requests, not in the host name. */
  readonly pathStyle: boolean;
  /** What the store calls the owner of the bucket, where that is no account. Absent: what the channel expects. */
  readonly owner?: string;
  /** The profile of AWS's configuration files that the AWS SDK takes credentials from. */
  readonly profile?: string;
  /** Absent, without a profile too: the default chain of the AWS SDK. */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}
