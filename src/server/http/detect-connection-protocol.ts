export type ConnectionProtocol = "tls" | "http1" | "http2";

const tlsHandshakeRecord = 0x16;
// RFC 9113 section 3.4: no HTTP/1.1 method is called PRI.
const http2Preface = Buffer.from("PRI * HTTP/2.0\r\n", "latin1");

/** The protocol of a connection by its first bytes; undefined while more than one is possible. */
export function detectConnectionProtocol(bytes: Buffer): ConnectionProtocol | undefined {
  if (bytes.length === 0) return undefined;
  if (bytes[0] === tlsHandshakeRecord) return "tls";
  const length = Math.min(bytes.length, http2Preface.length);
  if (bytes.compare(http2Preface, 0, length, 0, length) !== 0) return "http1";
  return length === http2Preface.length ? "http2" : undefined;
}
