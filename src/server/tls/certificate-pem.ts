/** PEM; `cert` is the server's certificate followed by those that lead to its root. */
export interface CertificatePem {
  readonly cert: string;
  readonly key: string;
}

export const tlsVersionMin = "TLSv1.2";
