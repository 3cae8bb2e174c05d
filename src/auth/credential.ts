import type { Policy } from "../streams/policy/policy-document.ts";

/** One entry of a credentials file: whose signatures are taken, and what they may do. */
export interface Credential {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Temporary credentials: every request must carry it. */
  readonly sessionToken?: string;
  /** Ms since the epoch; from then on requests are refused as expired. */
  readonly expiresAtMs?: number;
  readonly account: string;
  /** The IAM user's name, with its path; absent for the account itself. */
  readonly user?: string;
  /** Absent: everything in the own account. */
  readonly policies?: readonly Policy[];
}
