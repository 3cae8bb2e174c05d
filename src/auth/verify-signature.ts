import { hash, timingSafeEqual } from "node:crypto";
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
import { canonicalRequest } from "./canonical-request.ts";
import type { Credential } from "./credential.ts";
import { type ParsedSignature, parseSignature } from "./parse-signature.ts";
import { Sha256Thread } from "./sha256-thread.ts";
import { checkSignatureTime, signatureLifeMs } from "./signature-time.ts";
import { type SigningScope, type SigningService, scopeTerminator, sign, signingAlgorithm } from "./signature-v4.ts";
import type { SigningKeyCache } from "./signing-key-cache.ts";

export interface SignedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

export interface Verification {
  /** The credential in force for an access key id. */
  readonly credentialOf: (accessKeyId: string) => Credential | undefined;
  readonly keys: SigningKeyCache;
  readonly nowMs: () => number;
  /** For which the requests must be signed. */
  readonly service: SigningService;
}

/** A caller whose signature was verified. */
export interface VerifiedCaller extends Caller {
  readonly isVerified: true;
  readonly credential: Credential;
}

/** A complete and timely signature of a known credential, not verified yet. */
interface Claim {
  readonly form: ParsedSignature;
  /** `YYYYMMDDTHHMMSSZ` */
  readonly date: string;
  readonly scope: SigningScope;
  readonly credential: Credential;
}

/**
 * Verifies a signature of version 4 over the request and its whole body; `UNSIGNED-PAYLOAD` is not accepted. Returns a
 * promise only for a large body, which is hashed on another thread.
 *
 * Errors, in AWS's order: not signed, incomplete, time, unsigned headers, algorithm, scope, unknown key, wrong signature,
 * wrong or expired session token.
 */
export function verifySignature(
  request: SignedRequest,
  verification: Verification,
): VerifiedCaller | Promise<VerifiedCaller> {
  const claim = claimOf(request, verification);
  const payloadHash = bodySha256(request.body);
  if (typeof payloadHash === "string") return verifyClaim(claim, request, payloadHash, verification);
  return payloadHash.then((digest) => verifyClaim(claim, request, digest, verification));
}

/**
 * Checks all of a signature but itself and the session token, by the head of a request. Throws as `verifySignature()` does.
 */
export function checkClaim(head: Omit<SignedRequest, "body">, verification: Verification): void {
  claimOf(head, verification);
}

function claimOf({ url, headers }: Omit<SignedRequest, "body">, { credentialOf, nowMs, service }: Verification): Claim {
  const form = parseSignature(url, headers);
  if (form === undefined) throw missingAuthenticationToken();
  const date = checkSignatureTime(form.date, nowMs(), signatureLifeMs(form.expires));
  checkSignedHeaders(form.signedHeaders, headers);
  if (form.algorithm !== signingAlgorithm) throw algorithmNotSupported(form.algorithm);
  const { accessKeyId, scope } = parseCredential(form.credential, date, service);
  const credential = credentialOf(accessKeyId);
  // AWS does not know temporary keys without their session token.
  if (credential === undefined) throw unrecognizedClient();
  if (credential.sessionToken !== undefined && form.securityToken === undefined) throw unrecognizedClient();
  return { form, date, scope, credential };
}

/** Most names in SignedHeaders; clients sign about ten. */
const signedHeaderCountMax = 256;

/**
 * Checks that the host and all X-Amz-… headers are signed: an unsigned X-Amz-Target could turn a signed request into another
 * operation. X-Amz-User-Agent has no effect, and some clients do not sign it.
 */
function checkSignedHeaders(signedHeaders: string, headers: IncomingHttpHeaders): void {
  const signed = signedHeaders.split(";");
  if (signed.length > signedHeaderCountMax) throw signatureDoesNotMatch();
  if (!signed.includes("host") && !signed.includes(":authority")) throw headerNotSigned("host");
  for (const name in headers) {
    if (name.startsWith("x-amz-") && name !== "x-amz-user-agent" && !signed.includes(name)) throw headerNotSigned(name);
  }
}

function parseCredential(
  text: string,
  date: string,
  service: SigningService,
): { readonly accessKeyId: string; readonly scope: SigningScope } {
  const parts = text.split("/");
  const [accessKeyId = "", day = "", region = "", namedService, end] = parts;
  if (parts.length !== 5) throw credentialMalformed(text);
  let problems = "";
  if (!/^(?=.{1,40}$)[a-z0-9]+(-[a-z0-9]+)*$/.test(region)) {
    problems += `Credential should be scoped to a valid region, not '${region}'. `;
  }
  if (namedService !== service) problems += `Credential should be scoped to correct service: '${service}'. `;
  if (end !== scopeTerminator) {
    problems += `Credential should be scoped with a valid terminator: '${scopeTerminator}', not '${end}'. `;
  }
  const signedDay = date.slice(0, 8);
  if (day !== signedDay) {
    problems += `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${day}' != '${signedDay}', from '${date}'.`;
  }
  if (problems !== "") throw invalidSignature(problems);
  return { accessKeyId, scope: { day, region, service } };
}

function verifyClaim(
  { form, date, scope, credential }: Claim,
  { method, url, headers }: SignedRequest,
  payloadHash: string,
  { keys, nowMs }: Verification,
): VerifiedCaller {
  const canonical = canonicalRequest({ method, url, headers, payloadHash }, form.signedHeaders);
  if (canonical === undefined) throw signatureDoesNotMatch();
  const key = keys.find(credential, scope);
  const isCorrect = (text: string): boolean => isSameText(form.signature, sign(key, text, date, scope));
  // Node joins repeated headers with a comma and a space; clients sign them with a comma only.
  if (!isCorrect(canonical) && !(canonical.includes(", ") && isCorrect(canonical.replaceAll(/, +/g, ",")))) {
    throw signatureDoesNotMatch();
  }
  keys.keep(credential, scope, key);
  if (!isSameText(form.securityToken ?? "", credential.sessionToken ?? "")) throw unrecognizedClient();
  if (credential.expiresAtMs !== undefined && nowMs() >= credential.expiresAtMs) throw sessionExpired();
  const { account, accessKeyId } = credential;
  return { account, region: scope.region, accessKeyId, isVerified: true, credential };
}

/** Up to this size a digest takes less of the main thread's time than the copy for the other thread. */
const mainThreadBytesMax = 16 * 1024;

/** One for the process. */
const sha256Thread = new Sha256Thread();

/** In hexadecimal. A large body is hashed on another thread and must not change until the promise settles. */
function bodySha256(body: Uint8Array): string | Promise<string> {
  return body.length <= mainThreadBytesMax ? hash("sha256", body, "hex") : sha256Thread.digest(body);
}

/** Compares in constant time, but for the length. */
function isSameText(one: string, other: string): boolean {
  if (one.length !== other.length || one.length === 0) return one.length === other.length;
  const [oneBytes, otherBytes] = [Buffer.from(one, "latin1"), Buffer.from(other, "latin1")];
  return timingSafeEqual(oneBytes, otherBytes);
}
