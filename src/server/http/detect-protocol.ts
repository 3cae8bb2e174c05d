/** Tells from the first bytes of a connection what it speaks; undefined while it can still be either. */
export type DetectedProtocol = "tls" | "http1" | "http2";

const tlsHandshakeRecord = 0x16;
// RFC 9113 section 3.4 made the preface fail in every HTTP/1.1 server: no method is called PRI.
const http2Preface = Buffer.from("PRI * HTTP/2.0\r\n", "latin1");

export function detectProtocol(bytes: Buffer): DetectedProtocol | undefined {
  if (bytes.length === 0) return undefined;
  if (bytes[0] === tlsHandshakeRecord) return "tls";
  const length = Math.min(bytes.length, http2Preface.length);
  if (bytes.compare(http2Preface, 0, length, 0, length) !== 0) return "http1";
  return length === http2Preface.length ? "http2" : undefined;
}
