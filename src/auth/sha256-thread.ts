import { Worker } from "node:worker_threads";
import type { Sha256SharedMemory } from "./sha256-worker.ts";

/** While one body is hashed, the next is copied. More would only lie there. */
const slotCount = 2;
/** The largest request there is fits; the system gives pages only to what is used. */
const slotBytes = 16 * 1024 * 1024;

interface Wish {
  readonly body: Uint8Array;
  readonly resolve: (digest: string) => void;
  readonly reject: (error: Error) => void;
}

/**
 * SHA-256 in a thread of its own, begun with the first body. A body is copied into memory that both threads see and that is
 * used again: Web Crypto's thread pool takes fresh memory for each and wipes it, which costs the main thread three times as
 * much, and its threads are those that the log's writes need.
 */
export class Sha256Thread {
  readonly #waiting: Wish[] = [];
  readonly #running: Wish[] = [];
  #worker: Worker | undefined;
  #memory: Sha256SharedMemory | undefined;
  #nextSlot = 0;

  /** Hexadecimal. The body must stay as it is until the promise settles. Errors: RangeError above 16 MiB. */
  digest(body: Uint8Array): Promise<string> {
    return new Promise((resolve, reject) => {
      if (body.length > slotBytes) throw new RangeError(`a body of ${body.length} bytes is over ${slotBytes}`);
      const wish = { body, resolve, reject };
      if (this.#running.length < slotCount) this.#begin(wish);
      else this.#waiting.push(wish);
    });
  }

  #begin(wish: Wish): void {
    this.#memory ??= this.#start();
    const { control, slots } = this.#memory;
    const slot = this.#nextSlot;
    this.#nextSlot = (slot + 1) % slotCount;
    slots[slot]?.set(wish.body);
    control[1 + slot] = wish.body.length;
    if (this.#running.push(wish) === 1) this.#worker?.ref();
    Atomics.add(control, 0, 1);
    Atomics.notify(control, 0);
  }

  #finish(digest: string): void {
    this.#running.shift()?.resolve(digest);
    const next = this.#waiting.shift();
    if (next !== undefined) this.#begin(next);
    else if (this.#running.length === 0) this.#worker?.unref();
  }

  #start(): Sha256SharedMemory {
    const memory: Sha256SharedMemory = {
      control: new Int32Array(new SharedArrayBuffer(4 * (1 + slotCount))),
      slots: Array.from({ length: slotCount }, () => new Uint8Array(new SharedArrayBuffer(slotBytes))),
    };
    // Built, its name ends otherwise than in the sources.
    const name = import.meta.url.endsWith(".ts") ? "./sha256-worker.ts" : "./sha256-worker.js";
    const worker = new Worker(new URL(name, import.meta.url), { name: "millrace-sha256", workerData: memory });
    // A thread that does nothing must not keep the process alive.
    worker.unref();
    worker.on("message", (digest: string) => this.#finish(digest));
    worker.on("error", (error: unknown) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.#worker = worker;
    this.#nextSlot = 0;
    return memory;
  }

  /** The next body begins a new thread. */
  #fail(error: Error): void {
    this.#worker = undefined;
    this.#memory = undefined;
    for (const { reject } of [...this.#running.splice(0), ...this.#waiting.splice(0)]) reject(error);
  }
}
