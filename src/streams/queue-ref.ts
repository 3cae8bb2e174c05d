import type { Stream, StreamQueue } from "./stream.ts";

/** The queue of the stream with the id of an ARN. */
export function findQueue({ queues = [] }: Pick<Stream, "queues">, id: string): StreamQueue | undefined {
  return queues.find((queue) => queue.id === id);
}

/** The stream with the queue of the same id replaced. */
export function replaceQueue(stream: Stream, changed: StreamQueue): Stream {
  const queues = (stream.queues ?? []).map((queue) => (queue.id === changed.id ? changed : queue));
  return { ...stream, queues };
}
