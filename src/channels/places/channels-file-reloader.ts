import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { StartError } from "../../config/start-error.ts";
import { parseUntrustedJson } from "../../model/parse-untrusted-json.ts";
import type { Clock } from "../../time/clock.ts";
import type { BucketAccess } from "./bucket-access.ts";
import { type ChannelsFile, findBucketAccess, findTableAccess, parseChannelsFile } from "./channels-file.ts";
import type { TableAccess } from "./table-access.ts";

/** Between two looks at the file. */
const pollMs = 2_000;
const fileBytesMax = 1024 * 1024;

/**
 * What the file of `--channels` says, read again when it changes, so that credentials can be rotated. A version with a problem
 * is refused; the former one stays in force.
 */
export class ChannelsFileReloader {
  readonly #path: string;
  readonly #closing = new AbortController();
  readonly #polling: Promise<void>;
  #inForce: ChannelsFile;
  /** The version in force. */
  #text: string;
  #fault: string | undefined;

  /** `json`: the contents at start. Throws `StartError` with one line for each problem. */
  constructor({ path, json }: { readonly path: string; readonly json: unknown }, clock: Clock) {
    const { file, problems } = parseChannelsFile(json);
    if (problems !== undefined) throw new StartError(problems.map((problem) => `${path}: ${problem}`).join("\n"));
    this.#path = path;
    this.#inForce = file;
    this.#text = JSON.stringify(json);
    this.#polling = this.#poll(clock);
  }

  /** Undefined for a bucket that the file does not name. The same object until the file changes. */
  find(bucketArn: string): BucketAccess | undefined {
    return findBucketAccess(this.#inForce, bucketArn);
  }

  /** Undefined for a table bucket that the file does not name. The same object until the file changes. */
  findTable(tableBucketArn: string): TableAccess | undefined {
    return findTableAccess(this.#inForce, tableBucketArn);
  }

  /** The folder with the schemas of records, seen from that of the file; undefined where there is none. */
  get schemas(): string | undefined {
    const { schemas } = this.#inForce;
    return schemas === undefined ? undefined : resolve(dirname(this.#path), schemas);
  }

  /** Why the present file is not in force, as a clause for /health; undefined while it is. */
  get fault(): string | undefined {
    return this.#fault;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#polling;
  }

  /** Reads the file if it has changed. */
  async check(): Promise<void> {
    try {
      const { size } = await stat(this.#path);
      if (size > fileBytesMax) throw new Error(`is larger than ${fileBytesMax} bytes`);
      const json: unknown = parseUntrustedJson(await readFile(this.#path, "utf8"));
      const text = JSON.stringify(json);
      if (text !== this.#text) this.#accept(json, text);
      else this.#fault = undefined;
    } catch (error) {
      this.#reject(describe(error));
    }
  }

  async #poll(clock: Clock): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await clock.delay(pollMs, signal).catch(() => undefined);
      if (!signal.aborted) await this.check();
    }
  }

  #accept(json: unknown, text: string): void {
    const { file, problems } = parseChannelsFile(json);
    if (problems !== undefined) {
      this.#reject(problems[0] ?? "has a problem");
      return;
    }
    this.#inForce = file;
    this.#text = text;
    this.#fault = undefined;
  }

  #reject(problem: string): void {
    this.#fault = `the file of --channels has a problem (${problem}), so its last valid version stays in force; correct the file`;
  }
}

/** Does not quote the file, which contains secrets, as the message of a SyntaxError would. */
function describe(error: unknown): string {
  if (error instanceof SyntaxError) return "is not valid JSON";
  if (error instanceof Error && "code" in error) return `cannot be read (${String(error.code)})`;
  return error instanceof Error ? error.message : String(error);
}
