import type { Worker } from "node:worker_threads";
import { startWorker } from "../platform/start-worker.ts";
import type { Clock } from "../time/clock.ts";
import type { AddedPage, ContentInMaking, ContentMaker, FinishedFile } from "./batch/content-maker.ts";
import type { ContentReply, ContentRequest } from "./content-worker.ts";
import type { ContentForm } from "./new-content-builder.ts";

/** A thread that has made nothing for this long ends, and its memory is freed. */
const idleMsMax = 30_000;
/** Records of one read, and what stands before each of them. */
const pageBytesMin = 1280 * 1024;
const freePagesMax = 4;

/**
 * V8 lets garbage grow by a share of what lives, the larger the more memory it may take: without limits the rows of a table would
 * take 100 MiB more. The old generation has room for any record, 10 MiB of the smallest JSON objects.
 */
const resourceLimits = { maxYoungGenerationSizeMb: 12, maxOldGenerationSizeMb: 1024 };

const discarded = "the content was discarded";

interface Waiting {
  readonly resolve: (reply: ContentReply) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Makes the contents of batches in a thread of its own: checks records, formats them or makes rows of them, compresses and
 * hashes. The thread starts with the first content. Pages and files are transferred, and their memory is reused.
 */
export class ContentThread implements ContentMaker<ContentForm> {
  readonly #clock: Clock;
  #thread: RunningThread | undefined;
  #idle = new AbortController();
  #nextId = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(form: ContentForm): ContentInMaking {
    this.#idle.abort();
    if (this.#thread === undefined || this.#thread.hasFailed) this.#thread = new RunningThread();
    const thread = this.#thread;
    const id = this.#nextId++;
    thread.begin(id, form);
    let files: readonly FinishedFile[] | undefined;
    let isDiscarded = false;
    return {
      add: (parts) => thread.add(id, parts),
      async end() {
        files = await thread.end(id);
        return files;
      },
      discard: (isSettled) => {
        if (isDiscarded) return;
        isDiscarded = true;
        thread.discard(id, isSettled ? files : undefined);
        if (thread.contentCount === 0 && thread === this.#thread) this.#endWhenIdle(thread);
      },
    };
  }

  async close(): Promise<void> {
    this.#idle.abort();
    await this.#thread?.terminate();
  }

  #endWhenIdle(thread: RunningThread): void {
    const idle = new AbortController();
    this.#idle = idle;
    const end = async (): Promise<void> => {
      if (idle.signal.aborted) return;
      this.#thread = undefined;
      await thread.terminate();
    };
    this.#clock.delay(idleMsMax, idle.signal).then(end, () => undefined);
  }
}

/** One worker thread and the contents in it. */
class RunningThread {
  readonly #worker: Worker;
  /** Requests without a reply, by content, in their order. */
  readonly #waiting = new Map<number, Waiting[]>();
  readonly #freePages: Uint8Array<ArrayBuffer>[] = [];
  #waitingCount = 0;
  #failure: Error | undefined;

  constructor() {
    this.#worker = startWorker("./content-worker", import.meta.url, { name: "millrace-channels", resourceLimits });
    // An idle thread must not keep the process alive.
    this.#worker.unref();
    this.#worker.on("message", (reply: ContentReply) => this.#settle(reply));
    this.#worker.on("error", (error: unknown) => this.#fail(error instanceof Error ? error : new Error(String(error))));
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  get contentCount(): number {
    return this.#waiting.size;
  }

  begin(id: number, form: ContentForm): void {
    this.#waiting.set(id, []);
    this.#post({ kind: "begin", id, form });
  }

  async add(id: number, parts: readonly Uint8Array[]): Promise<AddedPage> {
    const byteCount = parts.reduce((sum, { length }) => sum + length, 0);
    const page = this.#takePage(byteCount);
    let at = 0;
    for (const part of parts) {
      page.set(part, at);
      at += part.length;
    }
    const reply = await this.#ask(id, { kind: "add", id, page, byteCount }, page.buffer);
    if (reply.kind !== "added") throw new Error(`a page of a content was answered with ${reply.kind}`);
    return reply.added;
  }

  async end(id: number): Promise<readonly FinishedFile[]> {
    const reply = await this.#ask(id, { kind: "end", id });
    if (reply.kind !== "ended") throw new Error(`the end of a content was answered with ${reply.kind}`);
    return reply.files;
  }

  /** `files`: what `end()` resolved with, when their memory may be reused. */
  discard(id: number, files: readonly FinishedFile[] | undefined): void {
    for (const { reject } of this.#waiting.get(id) ?? []) reject(new Error(discarded));
    this.#waiting.delete(id);
    if (this.#failure !== undefined) return;
    if (files === undefined) this.#post({ kind: "discard", id });
    else for (const { bytes } of files) this.#post({ kind: "reuse", memory: bytes.buffer }, bytes.buffer);
  }

  async terminate(): Promise<void> {
    this.#fail(new Error("the thread that makes the contents of batches has ended"));
    await this.#worker.terminate();
  }

  #takePage(byteCount: number): Uint8Array<ArrayBuffer> {
    const free = this.#freePages.pop();
    return free !== undefined && free.length >= byteCount ? free : new Uint8Array(Math.max(pageBytesMin, byteCount));
  }

  #ask(id: number, request: ContentRequest, ...transferred: ArrayBuffer[]): Promise<ContentReply> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) throw this.#failure;
      const waiting = this.#waiting.get(id);
      if (waiting === undefined) throw new Error(discarded);
      waiting.push({ resolve, reject });
      this.#waitingCount += 1;
      this.#worker.ref();
      this.#post(request, ...transferred);
    });
  }

  #post(request: ContentRequest, ...transferred: ArrayBuffer[]): void {
    this.#worker.postMessage(request, transferred);
  }

  #settle(reply: ContentReply): void {
    this.#waitingCount -= 1;
    if (this.#waitingCount === 0) this.#worker.unref();
    if (reply.kind === "added" && this.#freePages.length < freePagesMax) this.#freePages.push(reply.page);
    // Absent: the content was discarded.
    const waiting = this.#waiting.get(reply.id)?.shift();
    if (reply.kind === "failed") waiting?.reject(new Error(reply.message));
    else waiting?.resolve(reply);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const waiting of this.#waiting.values()) {
      for (const { reject } of waiting.splice(0)) reject(error);
    }
  }
}
