import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";

/** PEM; `cert` is the server's certificate followed by those that lead to its root. */
export interface Certificate {
  readonly cert: Buffer | string;
  readonly key: Buffer | string;
}

export const protocolVersionMin = "TLSv1.2";

/** Reads and tries `--tls-cert` and `--tls-key`. Throws an `Error` whose message is one sentence for the operator. */
export async function loadCertificate(files: {
  readonly certFile: string;
  readonly keyFile: string;
}): Promise<Certificate> {
  const cert = await readPem(files.certFile, "TLS certificate");
  const key = await readPem(files.keyFile, "TLS key");
  try {
    createSecureContext({ cert, key, minVersion: protocolVersionMin });
  } catch (error) {
    const { certFile, keyFile } = files;
    throw new Error(`${certFile} and ${keyFile} are not a TLS certificate and its key (${reasonOf(error)})`, {
      cause: error,
    });
  }
  return { cert, key };
}

async function readPem(file: string, what: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new Error(`cannot read the ${what} ${file} (${reasonOf(error)})`, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? String(error.code) : error.message;
}
