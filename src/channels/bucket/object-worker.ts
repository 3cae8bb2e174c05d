// The worker thread of ObjectThread: makes the contents of objects and sends them back.
import { parentPort } from "node:worker_threads";
import { lowerThreadPriority } from "../../platform/thread-priority.ts";
import { type AddedPage, ContentBuilder, type FinishedContent, type ObjectForm } from "./content-builder.ts";

/** Replies to the requests of one object come in their order; to `begin`, `discard` and `reuse` there is none. */
export type ObjectRequest =
  | { readonly kind: "begin"; readonly id: number; readonly form: ObjectForm }
  /** `page`: its first bytes are the records. */
  | { readonly kind: "add"; readonly id: number; readonly page: Uint8Array<ArrayBuffer>; readonly byteCount: number }
  | { readonly kind: "end"; readonly id: number }
  | { readonly kind: "discard"; readonly id: number }
  /** Memory of an object that was stored. */
  | { readonly kind: "reuse"; readonly memory: ArrayBuffer };

export type ObjectReply =
  | { readonly kind: "added"; readonly id: number; readonly page: Uint8Array<ArrayBuffer>; readonly added: AddedPage }
  | { readonly kind: "ended"; readonly id: number; readonly content: FinishedContent }
  | { readonly kind: "failed"; readonly id: number; readonly message: string };

/** An object of the usual size, and the pages that may come on top of it. Unused pages of the system take no memory. */
const memoryBytes = 20 * 1024 * 1024;
const freeMax = 2;

// All records of channels pass through this thread, so where cores are short channels wait, not puts.
lowerThreadPriority();

const contents = new Map<number, ContentBuilder>();
const free: ArrayBuffer[] = [];

function reuse(memory: ArrayBuffer): void {
  if (free.length < freeMax && memory.byteLength === memoryBytes) free.push(memory);
}

function reply(message: ObjectReply, transferred: ArrayBuffer): void {
  parentPort?.postMessage(message, [transferred]);
}

async function carryOut(request: Extract<ObjectRequest, { readonly kind: "add" | "end" }>): Promise<void> {
  const { id } = request;
  try {
    const content = contents.get(id);
    if (content === undefined) throw new Error("the object was discarded");
    if (request.kind === "add") {
      const { page, byteCount } = request;
      const added = await content.add(page.subarray(0, byteCount));
      reply({ kind: "added", id, page, added }, page.buffer);
    } else {
      const finished = await content.end();
      contents.delete(id);
      reply({ kind: "ended", id, content: finished }, finished.bytes.buffer);
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    parentPort?.postMessage({ kind: "failed", id, message } satisfies ObjectReply);
  }
}

parentPort?.on("message", (request: ObjectRequest) => {
  switch (request.kind) {
    case "begin":
      contents.set(
        request.id,
        new ContentBuilder(request.form, new Uint8Array(free.pop() ?? new ArrayBuffer(memoryBytes))),
      );
      return;
    case "discard": {
      const content = contents.get(request.id);
      contents.delete(request.id);
      // A write may still be under way in the thread pool, but what comes out of it is not taken any more.
      if (content !== undefined) reuse(content.discard().buffer);
      return;
    }
    case "reuse":
      reuse(request.memory);
      return;
    default:
      void carryOut(request);
  }
});
