import type { Worker } from "node:worker_threads";
import { startWorker } from "../../platform/start-worker.ts";
import type { Clock } from "../../time/clock.ts";
import type { AddedPage, FinishedContent, ObjectForm } from "./content-builder.ts";
import type { ObjectInMaking, ObjectMaker } from "./object-maker.ts";
import type { ObjectReply, ObjectRequest } from "./object-worker.ts";

/** A thread that has made no object for this long ends, and its memory is freed. */
const idleMsMax = 30_000;
/** Records of one read, and what stands before each of them. */
const pageBytesMin = 1280 * 1024;
const freePagesMax = 4;

const discarded = "the object was discarded";

interface Waiting {
  readonly resolve: (reply: ObjectReply) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Makes objects in a thread of its own: checks, formats, compresses and hashes. The thread starts with the first object. Pages
 * and contents are transferred, and their memory is reused.
 */
export class ObjectThread implements ObjectMaker {
  readonly #clock: Clock;
  #thread: RunningThread | undefined;
  #idle = new AbortController();
  #nextId = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(form: ObjectForm): ObjectInMaking {
    this.#idle.abort();
    if (this.#thread === undefined || this.#thread.hasFailed) this.#thread = new RunningThread();
    const thread = this.#thread;
    const id = this.#nextId++;
    thread.begin(id, form);
    let content: FinishedContent | undefined;
    let isDiscarded = false;
    return {
      add: (parts) => thread.add(id, parts),
      async end() {
        content = await thread.end(id);
        return content;
      },
      discard: (isSettled) => {
        if (isDiscarded) return;
        isDiscarded = true;
        thread.discard(id, isSettled ? content : undefined);
        if (thread.objectCount === 0 && thread === this.#thread) this.#endWhenIdle(thread);
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

/** One worker thread and the objects in it. */
class RunningThread {
  readonly #worker: Worker;
  /** Requests without a reply, by object, in their order. */
  readonly #waiting = new Map<number, Waiting[]>();
  readonly #freePages: Uint8Array<ArrayBuffer>[] = [];
  #waitingCount = 0;
  #failure: Error | undefined;

  constructor() {
    this.#worker = startWorker("./object-worker", import.meta.url, { name: "millrace-objects" });
    // An idle thread must not keep the process alive.
    this.#worker.unref();
    this.#worker.on("message", (reply: ObjectReply) => this.#settle(reply));
    this.#worker.on("error", (error: unknown) => this.#fail(error instanceof Error ? error : new Error(String(error))));
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  get objectCount(): number {
    return this.#waiting.size;
  }

  begin(id: number, form: ObjectForm): void {
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
    if (reply.kind !== "added") throw new Error(`a page of an object was answered with ${reply.kind}`);
    return reply.added;
  }

  async end(id: number): Promise<FinishedContent> {
    const reply = await this.#ask(id, { kind: "end", id });
    if (reply.kind !== "ended") throw new Error(`the end of an object was answered with ${reply.kind}`);
    return reply.content;
  }

  /** `content`: what `end()` resolved with, when its memory may be reused. */
  discard(id: number, content: FinishedContent | undefined): void {
    for (const { reject } of this.#waiting.get(id) ?? []) reject(new Error(discarded));
    this.#waiting.delete(id);
    if (this.#failure !== undefined) return;
    if (content === undefined) this.#post({ kind: "discard", id });
    else this.#post({ kind: "reuse", memory: content.bytes.buffer }, content.bytes.buffer);
  }

  async terminate(): Promise<void> {
    this.#fail(new Error("the thread that makes objects has ended"));
    await this.#worker.terminate();
  }

  #takePage(byteCount: number): Uint8Array<ArrayBuffer> {
    const free = this.#freePages.pop();
    return free !== undefined && free.length >= byteCount ? free : new Uint8Array(Math.max(pageBytesMin, byteCount));
  }

  #ask(id: number, request: ObjectRequest, ...transferred: ArrayBuffer[]): Promise<ObjectReply> {
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

  #post(request: ObjectRequest, ...transferred: ArrayBuffer[]): void {
    this.#worker.postMessage(request, transferred);
  }

  #settle(reply: ObjectReply): void {
    this.#waitingCount -= 1;
    if (this.#waitingCount === 0) this.#worker.unref();
    if (reply.kind === "added" && this.#freePages.length < freePagesMax) this.#freePages.push(reply.page);
    // Absent: the object was discarded.
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
