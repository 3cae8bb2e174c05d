/** How the load process speaks to a server, and the requests it sends. */
import { hash } from "node:crypto";
import { encode } from "cborg";
import { canonicalRequest } from "../src/auth/canonical-request.ts";
import { scopeTerminator, sign, signingAlgorithm, signingKey, signingService } from "../src/auth/signature-v4.ts";

export interface Wire {
  readonly codec: "json" | "cbor";
  readonly http: "1.1" | "2";
  readonly isTls: boolean;
  /** Whether the signature is true; otherwise it only looks like one, as servers that verify none ask for. */
  readonly isSigned: boolean;
}

export const plainWire: Wire = { codec: "json", http: "1.1", isTls: false, isSigned: false };

/** The one caller of a server that verifies signatures. */
export const benchCredential = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "a-secret-that-only-loopback-sees",
  account: "000000000000",
} as const;

export interface PreparedRequest {
  /** Lower-case names; without `host`, `content-length` and what else belongs to the HTTP version. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** One request at a time. */
export interface Connection {
  send(request: PreparedRequest): Promise<Answer>;
  close(): void;
}

export const host = "127.0.0.1";
const region = "us-east-1";

/** Data as the codec wants it in an input. */
export function blob(bytes: Buffer, { codec }: Wire): string | Buffer {
  return codec === "json" ? bytes.toString("base64") : bytes;
}

export function prepareRequest(operation: string, input: object, wire: Wire): PreparedRequest {
  const isJson = wire.codec === "json";
  const body = isJson ? Buffer.from(JSON.stringify(input)) : Buffer.from(encode(input));
  const date = new Date().toISOString().replace(/[-:]|\.\d{3}/g, "");
  const headers = {
    "content-type": `application/x-amz-${isJson ? "json" : "cbor"}-1.1`,
    "x-amz-target": `Kinesis_20131202.${operation}`,
    "x-amz-date": date,
  };
  return { headers: { ...headers, authorization: authorization(headers, body, wire) }, body };
}

function authorization(headers: { readonly "x-amz-date": string }, body: Buffer, wire: Wire): string {
  const date = headers["x-amz-date"];
  const scope = { day: date.slice(0, 8), region, service: signingService } as const;
  const names = "content-type;host;x-amz-date;x-amz-target";
  const credential = `${benchCredential.accessKeyId}/${scope.day}/${region}/${signingService}/${scopeTerminator}`;
  const start = `${signingAlgorithm} Credential=${credential}, SignedHeaders=${names}, Signature=`;
  if (!wire.isSigned) return start + "a".repeat(64);
  const request = { method: "POST", url: "/", headers: { ...headers, host }, payloadHash: hash("sha256", body, "hex") };
  const canonical = canonicalRequest(request, names);
  if (canonical === undefined) throw new Error("a header that is to be signed is missing");
  return start + sign(signingKey(benchCredential.secretAccessKey, scope), canonical, date, scope);
}
