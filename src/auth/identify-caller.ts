import type { IncomingHttpHeaders } from "node:http";
import { missingAuthenticationToken } from "../model/auth-errors.ts";
import type { Caller } from "../operations/caller.ts";
import { parseSignature } from "./parse-signature.ts";

export interface CallerDefaults {
  /** The account of callers whose access key id does not name one. */
  readonly account: string;
  /** The region of callers whose credential scope does not name one. */
  readonly region: string;
  /** Whether an unsigned request is let in as `account`. */
  readonly allowAnonymous: boolean;
}

/**
 * Who is calling, by the form of the signature alone: without a credentials file any signature passes. A 12-digit access
 * key id names the account, the credential scope names the region.
 *
 * Throws the authentication errors of Signature Version 4 in the order of AWS: both forms at once, none, incomplete.
 */
export function identifyCaller(url: string, headers: IncomingHttpHeaders, rules: CallerDefaults): Caller {
  const form = parseSignature(url, headers);
  if (form !== undefined) return callerOf(form.credential, rules);
  if (rules.allowAnonymous) return { account: rules.account, region: rules.region };
  throw missingAuthenticationToken();
}

/** Callers by the credential that they name, which stays the same all day. */
const known = new WeakMap<CallerDefaults, Map<string, Caller>>();
const knownCountMax = 256;

function callerOf(credential: string, rules: CallerDefaults): Caller {
  let callers = known.get(rules);
  if (callers === undefined) {
    callers = new Map();
    known.set(rules, callers);
  }
  let caller = callers.get(credential);
  if (caller === undefined) {
    caller = parseCaller(credential, rules);
    if (callers.size >= knownCountMax) callers.clear();
    callers.set(credential, caller);
  }
  return caller;
}

/** `{access key id}/{yyyymmdd}/{region}/kinesis/aws4_request` */
function parseCaller(credential: string, rules: CallerDefaults): Caller {
  const [accessKeyId = "", , region = ""] = credential.split("/");
  return {
    account: /^\d{12}$/.test(accessKeyId) ? accessKeyId : rules.account,
    region: /^[a-z0-9-]{1,64}$/.test(region) ? region : rules.region,
    accessKeyId,
  };
}
