import type { Schema } from "../decode/schema.ts";
import type { Filter } from "./filter.ts";
import type { MatchResult, MatchTask, SchemaNotice } from "./match-worker.ts";
import type { StreamRecord } from "./record.ts";

/** Longest time that one batch of records may take; a regular expression can take for ever. */
const batchMsMax = 3_000;
const batchRows = 1_000;

interface TrustedTypePolicies {
  createPolicy(
    name: string,
    rules: { createScriptURL(text: string): string },
  ): { createScriptURL(text: string): string };
}

/** The only text that becomes the address of a script: the page's own worker, as the build has named it. */
function workerUrl(): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypePolicies };
  const workerFile = document.documentElement.dataset["worker"] ?? "";
  policy ??= trustedTypes?.createPolicy("millrace-worker", { createScriptURL: () => workerFile });
  return policy?.createScriptURL("") ?? workerFile;
}

let policy: ReturnType<TrustedTypePolicies["createPolicy"]> | undefined;

/** Finds the records that match one filter, outside the page's thread. */
export class Matcher {
  readonly #filter: Filter;
  readonly #worker = new Worker(workerUrl(), { type: "module" });
  readonly #onMatches: (records: readonly StreamRecord[]) => void;
  readonly #onFault: (sentence: string) => void;
  #waiting: StreamRecord[] = [];
  #running: { readonly rows: readonly StreamRecord[]; readonly timer: number } | undefined;
  #number = 0;

  constructor(
    filter: Filter,
    onMatches: (records: readonly StreamRecord[]) => void,
    onFault: (sentence: string) => void,
    schema: Schema | undefined,
  ) {
    this.#filter = filter;
    this.#onMatches = onMatches;
    this.#onFault = onFault;
    this.#worker.addEventListener("message", ({ data }: MessageEvent<MatchResult>) => this.#finish(data));
    this.#worker.addEventListener("error", () => this.#fail("The filter failed."));
    if (schema !== undefined) {
      const { descriptorsBase64, messageName } = schema;
      this.#worker.postMessage({ schema: { descriptorsBase64, messageName } } satisfies SchemaNotice);
    }
  }

  /** Records that have not been looked at yet. */
  get waitingCount(): number {
    return this.#waiting.length + (this.#running?.rows.length ?? 0);
  }

  add(records: readonly StreamRecord[]): void {
    for (const record of records) this.#waiting.push(record);
    if (this.#running === undefined) this.#next();
  }

  close(): void {
    clearTimeout(this.#running?.timer);
    this.#waiting = [];
    this.#worker.terminate();
  }

  #next(): void {
    const rows = this.#waiting.splice(0, batchRows);
    if (rows.length === 0) return;
    const fail = (): void =>
      this.#fail("The regular expression takes too long. Make it simpler, without nested repeats.");
    this.#running = { rows, timer: setTimeout(fail, batchMsMax) };
    this.#number++;
    const slim = rows.map(({ id, partitionKey, dataBase64 }) => ({ id, partitionKey, dataBase64 }));
    this.#worker.postMessage({ number: this.#number, filter: this.#filter, rows: slim } satisfies MatchTask);
  }

  #finish({ number, ids }: MatchResult): void {
    const running = this.#running;
    if (running === undefined || number !== this.#number) return;
    clearTimeout(running.timer);
    this.#running = undefined;
    const found = new Set(ids);
    this.#onMatches(running.rows.filter(({ id }) => found.has(id)));
    this.#next();
  }

  #fail(sentence: string): void {
    this.close();
    this.#running = undefined;
    this.#onFault(sentence);
  }
}
