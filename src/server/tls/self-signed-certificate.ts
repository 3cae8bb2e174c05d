/**
 * The certificate of a server without --tls-cert. In the data directory:
 *
 *     tls/ca.pem      what clients trust (NODE_EXTRA_CA_CERTS, AWS_CA_BUNDLE, curl --cacert)
 *     tls/server.pem  the server's certificate, signed by it
 *     tls/server.key  its key, readable by this user only
 *
 * They are made once and used until they are about to expire or the machine has another name. The key of the authority is
 * never stored: a client that trusts ca.pem trusts this one certificate, and nothing that a thief of the data directory
 * could sign.
 */
import { X509Certificate } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type { CertificateAndKeyPem } from "./certificate-and-key-pem.ts";
import { issueCertificate } from "./issue-certificate.ts";

export const selfSignedCaFile = join("tls", "ca.pem");
const certFile = join("tls", "server.pem");
const keyFile = join("tls", "server.key");

const dayMs = 24 * 60 * 60 * 1000;
// Apple's clients refuse a server certificate that is valid for more than 825 days.
const lifeMs = 820 * dayMs;
const renewBeforeMs = 30 * dayMs;

const loopbackNames = ["localhost"];
const loopbackAddresses = ["127.0.0.1", "::1"];

/** Reads the certificate, or makes it; without `dataDir` it is kept in memory. */
export async function selfSignedCertificate(options: {
  readonly dataDir: string | undefined;
  readonly nowMs: number;
  readonly machineName?: string;
}): Promise<CertificateAndKeyPem> {
  const { dataDir, nowMs } = options;
  const names = [...new Set([...loopbackNames, ...dnsNamesOf(options.machineName ?? hostname())])];
  if (dataDir !== undefined) {
    const kept = await readKept(dataDir);
    if (kept !== undefined && isStillGood(kept.cert, { names, nowMs })) return kept;
  }
  const issued = await issueCertificate({ names, addresses: loopbackAddresses, notBeforeMs: nowMs - dayMs, lifeMs });
  if (dataDir !== undefined) await keep(dataDir, issued);
  return { cert: issued.cert, key: issued.key };
}

/** The machine name, unless it is not a valid DNS name. */
function dnsNamesOf(machineName: string): string[] {
  const name = machineName.toLowerCase();
  return /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(name) ? [name] : [];
}

async function readKept(dataDir: string): Promise<CertificateAndKeyPem | undefined> {
  try {
    const [cert, key] = await Promise.all([
      readFile(join(dataDir, certFile), "utf8"),
      readFile(join(dataDir, keyFile), "utf8"),
      readFile(join(dataDir, selfSignedCaFile), "utf8"),
    ]);
    return { cert, key };
  } catch {
    // Missing or unreadable: a new one is made; an error of the directory shows when it is written.
    return undefined;
  }
}

function isStillGood(
  pem: string,
  { names, nowMs }: { readonly names: readonly string[]; readonly nowMs: number },
): boolean {
  try {
    const certificate = new X509Certificate(pem);
    const fitsTime =
      certificate.validFromDate.getTime() <= nowMs && certificate.validToDate.getTime() - renewBeforeMs > nowMs;
    return fitsTime && names.every((name) => certificate.checkHost(name) !== undefined);
  } catch {
    return false;
  }
}

/** Writes the authority's file last: a client that finds it finds a server that uses it. */
async function keep(dataDir: string, issued: CertificateAndKeyPem & { readonly ca: string }): Promise<void> {
  await mkdir(join(dataDir, "tls"), { recursive: true, mode: 0o700 });
  await replace(join(dataDir, keyFile), { text: issued.key, mode: 0o600 });
  await replace(join(dataDir, certFile), { text: issued.cert, mode: 0o644 });
  await replace(join(dataDir, selfSignedCaFile), { text: issued.ca, mode: 0o644 });
}

async function replace(file: string, { text, mode }: { readonly text: string; readonly mode: number }): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, text, { mode });
  await rename(temporary, file);
}
