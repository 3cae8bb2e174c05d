import { createHmac, hash } from "node:crypto";

/** The scope of a signing key. */
export interface SigningScope {
  /** `yyyymmdd` */
  readonly day: string;
  readonly region: string;
  readonly service: SigningService;
}

export const signingAlgorithm = "AWS4-HMAC-SHA256";
export const signingService = "kinesis";
/** The services that this server answers for, as signatures name them; `monitoring` is CloudWatch. */
export type SigningService = typeof signingService | "monitoring";
export const scopeTerminator = "aws4_request";

/** Derives the signing key of a secret for one day and region. */
export function signingKey(secretAccessKey: string, { day, region, service }: SigningScope): Buffer {
  return hmac(hmac(hmac(hmac(`AWS4${secretAccessKey}`, day), region), service), scopeTerminator);
}

/** The signature, 64 hexadecimal digits in lower case. `canonicalRequest` has one byte for each character. */
export function sign(
  key: Buffer,
  canonicalRequest: string,
  date: string,
  { day, region, service }: SigningScope,
): string {
  const requestHash = hash("sha256", Buffer.from(canonicalRequest, "latin1"), "hex");
  const scope = `${day}/${region}/${service}/${scopeTerminator}`;
  return hmacHex(key, `${signingAlgorithm}\n${date}\n${scope}\n${requestHash}`);
}

/** Block and digest size of SHA-256. */
const blockBytes = 64;
const digestBytes = 32;
const innerPad = 0x36;
const outerPad = 0x5c;

// Scratch memory of `hmacHex`, whose calls do not overlap. It contains key material, so it is not from the shared pool.
let inner = Buffer.alloc(512);
const outer = Buffer.alloc(blockBytes + digestBytes);

/**
 * HMAC-SHA-256 (RFC 2104) in hexadecimal, with a key of at most one block. `text` has one byte for each character. Two plain
 * digests take half the time of `createHmac`.
 */
function hmacHex(key: Buffer, text: string): string {
  const innerBytes = blockBytes + text.length;
  if (inner.length < innerBytes) inner = Buffer.alloc(innerBytes);
  for (let i = 0; i < blockBytes; i++) {
    const byte = i < key.length ? (key[i] as number) : 0;
    inner[i] = byte ^ innerPad;
    outer[i] = byte ^ outerPad;
  }
  inner.write(text, blockBytes, "latin1");
  outer.write(hash("sha256", inner.subarray(0, innerBytes), "hex"), blockBytes, "hex");
  return hash("sha256", outer, "hex");
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
