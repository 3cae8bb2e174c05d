import type { Attack, Target } from "../attack.ts";
import { openConnection } from "../attack-connection.ts";
import { readRequest } from "./read-request.ts";

const clientCount = 100;
const firstByteMsMax = 1_000;

/** Resolves with the time to the first byte once the whole page has come. */
async function readPage(target: Target, request: Buffer, signal: AbortSignal): Promise<number> {
  const connection = await openConnection(target.port, { reads: false });
  if (connection === undefined) return Number.POSITIVE_INFINITY;
  const { socket } = connection;
  const startedMs = performance.now();
  let firstByteMs = Number.POSITIVE_INFINITY;
  let head = "";
  let length = Number.POSITIVE_INFINITY;
  let received = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.on("data", (chunk: Buffer) => {
    firstByteMs = Math.min(firstByteMs, performance.now() - startedMs);
    received += chunk.length;
    if (length === Number.POSITIVE_INFINITY) {
      head += chunk.toString("latin1");
      const end = head.indexOf("\r\n\r\n");
      if (end >= 0) length = end + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    }
    if (received >= length) resolve();
  });
  socket.on("close", () => resolve());
  signal.addEventListener("abort", () => resolve());
  socket.write(request);
  await promise;
  socket.destroy();
  return firstByteMs;
}

export const burstOfPages: Attack = {
  name: "100 pages of 10 MiB at once",
  filledBytes: 12 * 1024 ** 2,
  async run(target, signal) {
    let slowestMs = 0;
    while (!signal.aborted) {
      const request = await readRequest(target);
      const firstBytesMs = await Promise.all(
        Array.from({ length: clientCount }, () => readPage(target, request, signal)),
      );
      slowestMs = Math.max(slowestMs, Math.min(...firstBytesMs));
    }
    return slowestMs > firstByteMsMax ? [`first byte of the first page after ${Math.round(slowestMs)} ms`] : [];
  },
};
