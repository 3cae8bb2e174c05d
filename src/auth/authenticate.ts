import type { IncomingHttpHeaders } from "node:http";
import { incompleteSignature, invalidSignature, missingAuthenticationToken } from "../model/auth-errors.ts";
import type { Caller } from "../operations/caller.ts";

export interface AuthenticationRules {
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
export function authenticate(url: string, headers: IncomingHttpHeaders, rules: AuthenticationRules): Caller {
  const query = queryOf(url);
  const authorization = headers.authorization;
  const isQuerySigned = query.has("X-Amz-Algorithm");
  if (authorization !== undefined && isQuerySigned) {
    throw invalidSignature("Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.");
  }
  if (authorization !== undefined) return callerOf(credentialOfHeader(authorization, headers), rules);
  if (isQuerySigned) return callerOf(credentialOfQuery(query), rules);
  if (rules.allowAnonymous) return { account: rules.account, region: rules.region };
  throw missingAuthenticationToken();
}

/** `{access key id}/{yyyymmdd}/{region}/kinesis/aws4_request` */
function callerOf(credential: string, rules: AuthenticationRules): Caller {
  const [accessKeyId = "", , region = ""] = credential.split("/");
  return {
    account: /^\d{12}$/.test(accessKeyId) ? accessKeyId : rules.account,
    region: /^[a-z0-9-]{1,64}$/.test(region) ? region : rules.region,
    accessKeyId,
  };
}

function credentialOfHeader(authorization: string, headers: IncomingHttpHeaders): string {
  // AWS cuts at commas and at spaces alike, so `AWS4- Signature=b Credential=a` is understood.
  const parameters = new Map<string, string>();
  for (const part of authorization.split(/[,\s]+/).slice(1)) {
    const equals = part.indexOf("=");
    if (equals > 0) parameters.set(part.slice(0, equals), part.slice(equals + 1));
  }
  let missing = "";
  for (const name of ["Credential", "Signature", "SignedHeaders"]) {
    if (!parameters.get(name)) missing += `Authorization header requires '${name}' parameter. `;
  }
  if (headers["x-amz-date"] === undefined && headers.date === undefined) {
    missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  }
  if (missing !== "") throw incompleteSignature(`${missing}Authorization=${authorization}`);
  return parameters.get("Credential") ?? "";
}

function credentialOfQuery(query: URLSearchParams): string {
  let missing = "";
  for (const name of ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"]) {
    if (!query.get(name)) missing += `AWS query-string parameters must include '${name}'. `;
  }
  if (missing !== "") throw incompleteSignature(`${missing}Re-examine the query-string parameters.`);
  return query.get("X-Amz-Credential") ?? "";
}

function queryOf(url: string): URLSearchParams {
  const start = url.indexOf("?");
  return new URLSearchParams(start < 0 ? "" : url.slice(start + 1));
}
