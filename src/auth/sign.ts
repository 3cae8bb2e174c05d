import { createHmac, hash } from "node:crypto";

/** What a signing key is good for. */
export interface SigningScope {
  /** `yyyymmdd` */
  readonly day: string;
  readonly region: string;
}

export const algorithm = "AWS4-HMAC-SHA256";
export const service = "kinesis";
export const terminator = "aws4_request";

/** The key of one secret for one day and region. */
export function signingKey(secretAccessKey: string, { day, region }: SigningScope): Buffer {
  return hmac(hmac(hmac(hmac(`AWS4${secretAccessKey}`, day), region), service), terminator);
}

/** The signature, 64 hexadecimal digits in lower case. `canonicalRequest` holds one byte per character. */
export function sign(key: Buffer, canonicalRequest: string, date: string, { day, region }: SigningScope): string {
  const requestHash = hash("sha256", Buffer.from(canonicalRequest, "latin1"), "hex");
  const scope = `${day}/${region}/${service}/${terminator}`;
  return createHmac("sha256", key).update(`${algorithm}\n${date}\n${scope}\n${requestHash}`).digest("hex");
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
