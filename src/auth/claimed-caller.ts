import type { IncomingHttpHeaders } from "node:http";
import { missingAuthenticationToken } from "../model/auth-errors.ts";
import type { Caller } from "../operations/caller.ts";
import { parseSignature } from "./parse-signature.ts";

export interface CallerDefaults {
  /** The account of callers whose access key id does not name one. */
  readonly account: string;
  /** The region of callers whose credential scope does not name one. */
  readonly region: string;
  /** Whether an unsigned request is accepted for `account` and `region`. */
  readonly allowAnonymous: boolean;
}

/**
 * The caller that a request claims to be. Nothing is verified: without a credentials file every complete signature is
 * accepted. A 12-digit access key id is the account; the credential scope has the region.
 *
 * Errors, in AWS's order: InvalidSignatureException for both forms of signature, MissingAuthenticationTokenException,
 * IncompleteSignatureException.
 */
export function claimedCaller(url: string, headers: IncomingHttpHeaders, defaults: CallerDefaults): Caller {
  const form = parseSignature(url, headers);
  if (form !== undefined) return callerOf(form.credential, defaults);
  if (defaults.allowAnonymous) return { account: defaults.account, region: defaults.region };
  throw missingAuthenticationToken();
}

/** Callers by the Credential text of their signature, which is the same for a day. */
const known = new WeakMap<CallerDefaults, Map<string, Caller>>();
const knownCountMax = 256;

function callerOf(credential: string, defaults: CallerDefaults): Caller {
  let callers = known.get(defaults);
  if (callers === undefined) {
    callers = new Map();
    known.set(defaults, callers);
  }
  let caller = callers.get(credential);
  if (caller === undefined) {
    caller = parseCaller(credential, defaults);
    if (callers.size >= knownCountMax) callers.clear();
    callers.set(credential, caller);
  }
  return caller;
}

/** `{access key id}/{yyyymmdd}/{region}/kinesis/aws4_request` */
function parseCaller(credential: string, defaults: CallerDefaults): Caller {
  const [accessKeyId = "", , region = ""] = credential.split("/");
  return {
    account: /^\d{12}$/.test(accessKeyId) ? accessKeyId : defaults.account,
    region: /^[a-z0-9-]{1,64}$/.test(region) ? region : defaults.region,
    accessKeyId,
  };
}
