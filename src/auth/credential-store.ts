import { watch } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { CredentialsFile } from "../config/config.ts";
import { StartError } from "../config/start-error.ts";
import { parseUntrustedJson } from "../model/parse-untrusted-json.ts";
import { credentialsExposed, credentialsReloaded } from "../telemetry/diagnostic-events.ts";
import type { Clock } from "../time/clock.ts";
import type { Credential } from "./credential.ts";
import { parseCredentialsFile } from "./credentials-file.ts";

/** Interval of checks. Most changes are reported at once, but not by a network file system or with a full watch list. */
const pollMs = 2_000;

/** Permissions of users that are neither the owner nor in the file's group. */
const otherUsersMask = 0o007;

const fileBytesMax = 16 * 1024 ** 2;

/**
 * The credentials in force: those of the file, which is read again when it changes. A new version with a problem is
 * rejected and logged; the former one stays in force.
 */
export class CredentialStore {
  readonly #path: string;
  readonly #closing = new AbortController();
  #inForce: ReadonlyMap<string, Credential>;
  /** The last version, accepted or rejected: each is parsed and reported once. */
  #seen: string;
  #fingerprint: string | undefined;
  #checking: Promise<void> | undefined;
  #isChanged = false;
  #fault: string | undefined;
  #exposedMode: number | undefined;
  readonly #polling: Promise<void>;

  /** Throws `StartError` with one line for each problem. */
  constructor(file: CredentialsFile, clock: Clock) {
    const { credentials, problems } = parseCredentialsFile(file.json);
    if (problems !== undefined) throw new StartError(problems.map((problem) => `${file.path}: ${problem}`).join("\n"));
    this.#path = file.path;
    this.#inForce = credentials;
    this.#seen = JSON.stringify(file.json);
    this.#watch();
    this.#polling = this.#poll(clock);
  }

  find(accessKeyId: string): Credential | undefined {
    return this.#inForce.get(accessKeyId);
  }

  /** Why the present file is not in force, as a clause for /health; undefined while it is. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Reads the file if it has changed. */
  async check(): Promise<void> {
    this.#isChanged = true;
    this.#checking ??= this.#checkWhileChanged();
    await this.#checking;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#polling;
    await this.#checking;
  }

  /** Watches the folder, because editors and Kubernetes replace the file. */
  #watch(): void {
    const { signal } = this.#closing;
    try {
      const watcher = watch(dirname(this.#path), { persistent: false, signal }, (_, name) => {
        // Kubernetes changes a mounted secret through a link beside the file whose name begins with two dots.
        if (name === null || name === basename(this.#path) || name.startsWith("..")) void this.check();
      });
      watcher.on("error", () => undefined);
    } catch {
      // Polling finds the change too.
    }
  }

  async #poll(clock: Clock): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.check();
      await clock.delay(pollMs, signal).catch(() => undefined);
    }
  }

  async #checkWhileChanged(): Promise<void> {
    while (this.#isChanged && !this.#closing.signal.aborted) {
      this.#isChanged = false;
      await this.#checkOnce();
    }
    this.#checking = undefined;
  }

  async #checkOnce(): Promise<void> {
    try {
      const { mtimeMs, ctimeMs, size, ino, mode } = await stat(this.#path);
      this.#reportMode(mode);
      const fingerprint = `${mtimeMs} ${ctimeMs} ${size} ${ino}`;
      if (fingerprint === this.#fingerprint) return;
      if (size > fileBytesMax) throw new Error(`is larger than ${fileBytesMax} bytes`);
      const json: unknown = parseUntrustedJson(await readFile(this.#path, "utf8"));
      this.#fingerprint = fingerprint;
      this.#accept(json);
    } catch (error) {
      // The file may become readable again without a change.
      this.#fingerprint = undefined;
      this.#reject([describe(error)]);
    }
  }

  /** Publishes once for each mode that lets other users read or change the secrets. */
  #reportMode(mode: number): void {
    if (process.platform === "win32") return;
    const exposed = (mode & otherUsersMask) === 0 ? undefined : mode & 0o777;
    if (exposed !== undefined && exposed !== this.#exposedMode) {
      credentialsExposed.publish({ path: this.#path, mode: exposed.toString(8) });
    }
    this.#exposedMode = exposed;
  }

  #accept(json: unknown): void {
    const text = JSON.stringify(json);
    if (text === this.#seen) return;
    const { credentials, problems } = parseCredentialsFile(json);
    if (problems !== undefined) {
      this.#reject(problems, text);
      return;
    }
    this.#seen = text;
    this.#inForce = credentials;
    this.#fault = undefined;
    credentialsReloaded.publish({ path: this.#path, credentialCount: credentials.size });
  }

  #reject(problems: readonly string[], seen = problems.join("\n")): void {
    if (seen === this.#seen) return;
    this.#seen = seen;
    const credentialCount = this.#inForce.size;
    this.#fault = `the credentials file has a problem (${problems[0]}), so its last valid version stays in force (credentials in it: ${credentialCount}); correct the file`;
    credentialsReloaded.publish({ path: this.#path, credentialCount, problems });
  }
}

/** Does not quote the file, which contains secrets, as the message of a SyntaxError would. */
function describe(error: unknown): string {
  if (error instanceof SyntaxError) return "not JSON";
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? `cannot be read (${String(error.code)})` : error.message;
}
