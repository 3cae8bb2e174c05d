import { readFile, stat } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import type { TlsFiles } from "../../config/config.ts";
import { certificateReloaded } from "../../telemetry/diagnostic-events.ts";
import type { Clock } from "../../time/clock.ts";
import type { Certificate } from "./tls-certificate.ts";

/** Certificates are renewed days before they end: looking is soon enough, and works on every kind of file system. */
const lookMs = 2_000;

const fileBytesMax = 1024 * 1024;

/**
 * The certificate and key of two files, read again when either changes. A pair that is no good changes nothing and is told
 * to the log; the one before stays in use.
 */
export class CertificateFiles {
  readonly #files: TlsFiles;
  readonly #onChange: (certificate: Certificate) => void;
  readonly #closing = new AbortController();
  readonly #looking: Promise<void>;
  #inUse: Certificate;
  /** What the files looked like when they were last judged, and when they were last seen. */
  #judged: string | undefined;
  #seen: string | undefined;

  constructor(files: TlsFiles, clock: Clock, onChange: (certificate: Certificate) => void) {
    this.#files = files;
    this.#onChange = onChange;
    this.#inUse = { cert: files.certificatePem, key: files.keyPem };
    this.#looking = this.#lookAgainAndAgain(clock);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#looking;
  }

  async #lookAgainAndAgain(clock: Clock): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#look();
      await clock.delay(lookMs, signal).catch(() => undefined);
    }
  }

  /** Judges what has been the same twice: whoever renews a certificate writes one file and then the other. */
  async #look(): Promise<void> {
    const { certificatePath, keyPath } = this.#files;
    const seen = `${await fingerprint(certificatePath)} ${await fingerprint(keyPath)}`;
    const isSettled = seen === this.#seen;
    this.#seen = seen;
    if (seen === this.#judged || !isSettled) return;
    this.#judged = seen;
    try {
      const [cert, key] = await Promise.all([readPem(certificatePath), readPem(keyPath)]);
      if (cert === this.#inUse.cert && key === this.#inUse.key) return;
      // Throws for what is no certificate, no key, or the key of another certificate.
      createSecureContext({ cert, key });
      this.#inUse = { cert, key };
      this.#onChange(this.#inUse);
      certificateReloaded.publish({ path: certificatePath });
    } catch (error) {
      certificateReloaded.publish({ path: certificatePath, error });
    }
  }
}

/** Changes whenever another file, or other content, is at the path; links are followed. */
async function fingerprint(path: string): Promise<string> {
  try {
    const { mtimeMs, ctimeMs, size, ino } = await stat(path);
    return `${mtimeMs} ${ctimeMs} ${size} ${ino}`;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "unknown";
  }
}

async function readPem(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > fileBytesMax) throw new Error(`${path} is larger than ${fileBytesMax} bytes`);
  return await readFile(path, "utf8");
}
