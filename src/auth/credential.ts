import type { Policy } from "../streams/policy/policy-document.ts";

/** One entry of a credentials file. */
export interface Credential {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Temporary credentials: each request must have it. */
  readonly sessionToken?: string;
  /** Ms since the epoch; later requests are refused as expired. */
  readonly expiresAtMs?: number;
  readonly account: string;
  /** The IAM user's name, with its path; absent for the account itself. */
  readonly user?: string;
  /** Absent: everything in its own account is allowed. */
  readonly policies?: readonly Policy[];
}
