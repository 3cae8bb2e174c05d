/** PEM; `cert` is the server's certificate followed by those that lead to its root. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export const protocolVersionMin = "TLSv1.2";
