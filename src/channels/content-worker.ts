// The worker thread of ContentThread: makes the contents of batches and sends them back.
import { parentPort } from "node:worker_threads";
import { lowerThreadPriority } from "../platform/thread-priority.ts";
import type { AddedPage, ContentBuilder, FinishedFile } from "./batch/content-maker.ts";
import { type ContentForm, newContentBuilder } from "./new-content-builder.ts";

/** Replies to the requests of one content come in their order; to `begin`, `discard` and `reuse` there is none. */
export type ContentRequest =
  | { readonly kind: "begin"; readonly id: number; readonly form: ContentForm }
  /** `page`: its first bytes are the records. */
  | { readonly kind: "add"; readonly id: number; readonly page: Uint8Array<ArrayBuffer>; readonly byteCount: number }
  | { readonly kind: "end"; readonly id: number }
  | { readonly kind: "discard"; readonly id: number }
  /** Memory of a file that was stored. */
  | { readonly kind: "reuse"; readonly memory: ArrayBuffer };

export type ContentReply =
  | { readonly kind: "added"; readonly id: number; readonly page: Uint8Array<ArrayBuffer>; readonly added: AddedPage }
  | { readonly kind: "ended"; readonly id: number; readonly files: readonly FinishedFile[] }
  | { readonly kind: "failed"; readonly id: number; readonly message: string };

/** An object of the usual size, and the pages that may come on top of it. Unused pages of the system take no memory. */
const memoryBytes = 20 * 1024 * 1024;
const freeMax = 2;

// All records of channels pass through this thread, so where cores are short channels wait, not puts.
lowerThreadPriority();

const builders = new Map<number, ContentBuilder>();
const free: ArrayBuffer[] = [];

function takeMemory(): ArrayBuffer {
  return free.pop() ?? new ArrayBuffer(memoryBytes);
}

function reuse(memory: ArrayBuffer): void {
  if (free.length < freeMax && memory.byteLength === memoryBytes) free.push(memory);
}

function reply(message: ContentReply, transferred: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transferred);
}

async function carryOut(request: Extract<ContentRequest, { readonly kind: "add" | "end" }>): Promise<void> {
  const { id } = request;
  try {
    const builder = builders.get(id);
    if (builder === undefined) throw new Error("the content was discarded");
    if (request.kind === "add") {
      const { page, byteCount } = request;
      const added = await builder.add(page.subarray(0, byteCount));
      reply({ kind: "added", id, page, added }, [page.buffer]);
    } else {
      const files = await builder.end();
      builders.delete(id);
      reply(
        { kind: "ended", id, files },
        files.map(({ bytes }) => bytes.buffer),
      );
    }
  } catch (error) {
    reply({ kind: "failed", id, message: error instanceof Error ? error.message : String(error) });
  }
}

parentPort?.on("message", (request: ContentRequest) => {
  switch (request.kind) {
    case "begin":
      builders.set(request.id, newContentBuilder(request.form, takeMemory));
      return;
    case "discard": {
      const builder = builders.get(request.id);
      builders.delete(request.id);
      // A write may still be under way in the thread pool, but what comes out of it is not taken any more.
      const memory = builder?.discard();
      if (memory !== undefined) reuse(memory);
      return;
    }
    case "reuse":
      reuse(request.memory);
      return;
    default:
      void carryOut(request);
  }
});
