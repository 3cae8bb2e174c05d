import { timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import {
  algorithmNotSupported,
  credentialMalformed,
  headerNotSigned,
  invalidSignature,
  missingAuthenticationToken,
  sessionExpired,
  signatureDoesNotMatch,
  unrecognizedClient,
} from "../model/auth-errors.ts";
import type { Caller } from "../operations/caller.ts";
import { bodySha256 } from "./body-digest.ts";
import { canonicalRequest } from "./canonical-request.ts";
import type { Credential } from "./credential.ts";
import { type ParsedSignature, parseSignature } from "./parse-signature.ts";
import { checkSignatureTime, signatureLifeMs } from "./signature-time.ts";
import { type SigningScope, scopeTerminator, sign, signingAlgorithm, signingService } from "./signature-v4.ts";
import type { SigningKeyCache } from "./signing-key-cache.ts";

export interface SignedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

export interface Verification {
  /** The credential of that id that is in force now. */
  readonly credentialOf: (accessKeyId: string) => Credential | undefined;
  readonly keys: SigningKeyCache;
  readonly nowMs: () => number;
}

/** A caller who has proved to hold the secret of a credential. */
export interface VerifiedCaller extends Caller {
  readonly isVerified: true;
  readonly credential: Credential;
}

/** A signature that is whole, timely and ours, but not compared yet. */
interface Claim {
  readonly form: ParsedSignature;
  /** `YYYYMMDDTHHMMSSZ` */
  readonly date: string;
  readonly scope: SigningScope;
  readonly credential: Credential;
}

/**
 * Who is calling, proved by a signature of version 4 over the request and its whole body: `UNSIGNED-PAYLOAD` and its
 * like are no hash of any body. A promise only where a large body must be hashed on another thread.
 *
 * Throws, in the order of AWS: not signed, incomplete, time, headers left unsigned, algorithm, scope, unknown key, wrong
 * signature, wrong or expired session token.
 */
export function verifySignature(
  request: SignedRequest,
  verification: Verification,
): VerifiedCaller | Promise<VerifiedCaller> {
  const claim = claimOf(request, verification);
  const payloadHash = bodySha256(request.body);
  if (typeof payloadHash === "string") return decide(claim, request, payloadHash, verification);
  return payloadHash.then((hash) => decide(claim, request, hash, verification));
}

function claimOf({ url, headers }: SignedRequest, { credentialOf, nowMs }: Verification): Claim {
  const form = parseSignature(url, headers);
  if (form === undefined) throw missingAuthenticationToken();
  const date = checkSignatureTime(form.date, nowMs(), signatureLifeMs(form.expires));
  checkSignedHeaders(form.signedHeaders, headers);
  if (form.algorithm !== signingAlgorithm) throw algorithmNotSupported(form.algorithm);
  const { accessKeyId, scope } = parseCredential(form.credential, date);
  const credential = credentialOf(accessKeyId);
  // Temporary keys are unknown to AWS without the token that they were handed out with.
  if (credential === undefined) throw unrecognizedClient();
  if (credential.sessionToken !== undefined && form.securityToken === undefined) throw unrecognizedClient();
  return { form, date, scope, credential };
}

/** Most names in SignedHeaders: each is searched for each header, and clients sign about ten. */
const signedHeaderCountMax = 256;

/**
 * The host, and all that AWS puts into headers of its own: whoever could add an X-Amz-Target to a signed request would
 * have it do something else. X-Amz-User-Agent means nothing, and some clients leave it unsigned.
 */
function checkSignedHeaders(signedHeaders: string, headers: IncomingHttpHeaders): void {
  const signed = signedHeaders.split(";");
  if (signed.length > signedHeaderCountMax) throw signatureDoesNotMatch();
  if (!signed.includes("host") && !signed.includes(":authority")) throw headerNotSigned("host");
  for (const name in headers) {
    if (name.startsWith("x-amz-") && name !== "x-amz-user-agent" && !signed.includes(name)) throw headerNotSigned(name);
  }
}

function parseCredential(text: string, date: string): { readonly accessKeyId: string; readonly scope: SigningScope } {
  const parts = text.split("/");
  const [accessKeyId = "", day = "", region = "", namedService, end] = parts;
  if (parts.length !== 5) throw credentialMalformed(text);
  let faults = "";
  if (!/^(?=.{1,40}$)[a-z0-9]+(-[a-z0-9]+)*$/.test(region)) {
    faults += `Credential should be scoped to a valid region, not '${region}'. `;
  }
  if (namedService !== signingService)
    faults += `Credential should be scoped to correct service: '${signingService}'. `;
  if (end !== scopeTerminator) {
    faults += `Credential should be scoped with a valid terminator: '${scopeTerminator}', not '${end}'. `;
  }
  const signedDay = date.slice(0, 8);
  if (day !== signedDay) {
    faults += `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${day}' != '${signedDay}', from '${date}'.`;
  }
  if (faults !== "") throw invalidSignature(faults);
  return { accessKeyId, scope: { day, region } };
}

function decide(
  { form, date, scope, credential }: Claim,
  { method, url, headers }: SignedRequest,
  payloadHash: string,
  { keys, nowMs }: Verification,
): VerifiedCaller {
  const canonical = canonicalRequest({ method, url, headers, payloadHash }, form.signedHeaders);
  if (canonical === undefined) throw signatureDoesNotMatch();
  const key = keys.find(credential, scope);
  const isRight = (text: string): boolean => isSameText(form.signature, sign(key, text, date, scope));
  // Node joins a repeated header with a comma and a space, clients sign it with the comma alone.
  if (!isRight(canonical) && !(canonical.includes(", ") && isRight(canonical.replaceAll(/, +/g, ",")))) {
    throw signatureDoesNotMatch();
  }
  keys.keep(credential, scope, key);
  if (!isSameText(form.securityToken ?? "", credential.sessionToken ?? "")) throw unrecognizedClient();
  if (credential.expiresAtMs !== undefined && nowMs() >= credential.expiresAtMs) throw sessionExpired();
  const { account, accessKeyId } = credential;
  return { account, region: scope.region, accessKeyId, isVerified: true, credential };
}

/** In a time that does not tell how much of the two is the same. */
function isSameText(one: string, other: string): boolean {
  const [oneBytes, otherBytes] = [Buffer.from(one, "latin1"), Buffer.from(other, "latin1")];
  return oneBytes.length === otherBytes.length && timingSafeEqual(oneBytes, otherBytes);
}
