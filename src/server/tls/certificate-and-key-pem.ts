/** PEM; `cert` is the server's certificate followed by those that lead to its root. */
export interface CertificateAndKeyPem {
  readonly cert: string;
  readonly key: string;
}

export const tlsVersionMin = "TLSv1.2";

/**
 * Those of TLS 1.3, and of TLS 1.2 those with an ephemeral key exchange and authenticated encryption: CBC suites were open to
 * padding and timing attacks repeatedly, and a static RSA exchange lets a thief of the key read recorded connections.
 */
export const tlsCiphers: string = [
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "TLS_AES_128_GCM_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");
