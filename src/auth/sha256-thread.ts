import type { Worker } from "node:worker_threads";
import { startWorker } from "../platform/start-worker.ts";
import type { Sha256SharedMemory } from "./sha256-worker.ts";

/** One body is hashed while the next one is copied. */
const slotCount = 2;
/** The largest request body. Unused pages take no memory. */
const slotBytes = 16 * 1024 * 1024;

interface DigestJob {
  readonly body: Uint8Array;
  readonly resolve: (digest: string) => void;
  readonly reject: (error: Error) => void;
}

/**
 * SHA-256 in a thread of its own, started with the first body. Bodies are copied into shared memory that is reused. Not Web
 * Crypto: it allocates memory for each body, and its threads are those of file I/O, which the WAL needs.
 */
export class Sha256Thread {
  readonly #waiting: DigestJob[] = [];
  readonly #running: DigestJob[] = [];
  #worker: Worker | undefined;
  #memory: Sha256SharedMemory | undefined;
  #nextSlot = 0;

  /** In hexadecimal. The body must not change until the promise settles. Rejects with RangeError above 16 MiB. */
  digest(body: Uint8Array): Promise<string> {
    return new Promise((resolve, reject) => {
      if (body.length > slotBytes)
        throw new RangeError(`The body has ${body.length} bytes; the limit is ${slotBytes}.`);
      const job = { body, resolve, reject };
      if (this.#running.length < slotCount) this.#begin(job);
      else this.#waiting.push(job);
    });
  }

  #begin(job: DigestJob): void {
    this.#memory ??= this.#start();
    const { control, slots } = this.#memory;
    const slot = this.#nextSlot;
    this.#nextSlot = (slot + 1) % slotCount;
    slots[slot]?.set(job.body);
    control[1 + slot] = job.body.length;
    if (this.#running.push(job) === 1) this.#worker?.ref();
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
    const options = { name: "millrace-sha256", workerData: memory };
    const worker = startWorker("./sha256-worker", import.meta.url, options);
    // An idle thread must not keep the process alive.
    worker.unref();
    worker.on("message", (digest: string) => this.#finish(digest));
    worker.on("error", (error: unknown) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.#worker = worker;
    this.#nextSlot = 0;
    return memory;
  }

  /** The next body starts a new thread. */
  #fail(error: Error): void {
    this.#worker = undefined;
    this.#memory = undefined;
    for (const { reject } of [...this.#running.splice(0), ...this.#waiting.splice(0)]) reject(error);
  }
}
