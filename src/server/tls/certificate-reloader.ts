import { readFile, stat } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import type { TlsFiles } from "../../config/config.ts";
import { certificateReloaded } from "../../telemetry/diagnostic-events.ts";
import type { Clock } from "../../time/clock.ts";
import type { CertificateAndKeyPem } from "./certificate-and-key-pem.ts";

/** Interval of the checks. Polling works on every file system, and certificates are renewed days before they expire. */
const checkMs = 2_000;

const fileBytesMax = 1024 * 1024;

/**
 * Reloads certificate and key when one of their files changes. An invalid pair is logged, and the one before stays in use.
 */
export class CertificateReloader {
  readonly #files: TlsFiles;
  readonly #onChange: (certificate: CertificateAndKeyPem) => void;
  readonly #closing = new AbortController();
  readonly #polling: Promise<void>;
  #inUse: CertificateAndKeyPem;
  /** Fingerprints of the files when they were last loaded, and at the last check. */
  #loaded: string | undefined;
  #seen: string | undefined;

  constructor(files: TlsFiles, clock: Clock, onChange: (certificate: CertificateAndKeyPem) => void) {
    this.#files = files;
    this.#onChange = onChange;
    this.#inUse = { cert: files.certificatePem, key: files.keyPem };
    this.#polling = this.#poll(clock);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#polling;
  }

  async #poll(clock: Clock): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#check();
      await clock.delay(checkMs, signal).catch(() => undefined);
    }
  }

  /** Loads the files only when two checks saw the same: a renewal writes one file after the other. */
  async #check(): Promise<void> {
    const { certificatePath, keyPath } = this.#files;
    const seen = `${await fingerprint(certificatePath)} ${await fingerprint(keyPath)}`;
    const isSettled = seen === this.#seen;
    this.#seen = seen;
    if (seen === this.#loaded || !isSettled) return;
    this.#loaded = seen;
    try {
      const [cert, key] = await Promise.all([readPem(certificatePath), readPem(keyPath)]);
      if (cert === this.#inUse.cert && key === this.#inUse.key) return;
      // Throws for an invalid certificate, an invalid key, and the key of another certificate.
      createSecureContext({ cert, key });
      this.#inUse = { cert, key };
      this.#onChange(this.#inUse);
      certificateReloaded.publish({ path: certificatePath });
    } catch (error) {
      certificateReloaded.publish({ path: certificatePath, error });
    }
  }
}

/** Changes when the path has another file or other contents; links are followed. */
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
