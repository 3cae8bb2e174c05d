import { createHash } from "node:crypto";
import { canonicalRequest } from "../../src/auth/canonical-request.ts";
import type { Credential } from "../../src/auth/credential.ts";
import { basicTime } from "../../src/auth/signature-time.ts";
import {
  type SigningService,
  scopeTerminator,
  sign,
  signingAlgorithm,
  signingKey,
  signingService,
} from "../../src/auth/signature-v4.ts";

/** What a client would send; signed by the server's own code, which tests with other signers prove right. */
export interface SignedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Signing {
  readonly target?: string;
  readonly url?: string;
  readonly host?: string;
  readonly service?: SigningService;
  readonly region?: string;
  readonly nowMs?: number;
  /** Beside those that every request has; signed too. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Names of headers that are sent but not signed. */
  readonly unsigned?: readonly string[];
}

/** 2026-01-01T00:00:00Z, when the simulated clock starts. */
export const signedMs = 1_767_225_600_000;

export function signRequest(credential: Credential, body: string | Buffer, signing: Signing = {}): SignedRequest {
  const { target = "Kinesis_20131202.ListStreams", url = "/", host = "kinesis.example:4567" } = signing;
  const { region = "us-east-1", service = signingService, nowMs = signedMs, unsigned = [] } = signing;
  const date = basicTime(nowMs);
  const headers: Record<string, string> = {
    host,
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": target,
    "x-amz-date": date,
    ...(credential.sessionToken === undefined ? {} : { "x-amz-security-token": credential.sessionToken }),
    ...signing.headers,
  };
  const bytes = Buffer.from(body);
  const names = Object.keys(headers)
    .filter((name) => !unsigned.includes(name))
    .sort()
    .join(";");
  const payloadHash = createHash("sha256").update(bytes).digest("hex");
  const scope = { day: date.slice(0, 8), region, service };
  const canonical = canonicalRequest({ method: "POST", url, headers, payloadHash }, names) ?? "";
  const signature = sign(signingKey(credential.secretAccessKey, scope), canonical, date, scope);
  const claim = `${credential.accessKeyId}/${scope.day}/${region}/${service}/${scopeTerminator}`;
  const authorization = `${signingAlgorithm} Credential=${claim}, SignedHeaders=${names}, Signature=${signature}`;
  return { method: "POST", url, headers: { ...headers, authorization }, body: bytes };
}
