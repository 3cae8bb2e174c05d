import type { Stream, StreamChannel } from "./stream.ts";

/** The channel of the stream with the id of an ARN. */
export function findChannel({ channels = [] }: Pick<Stream, "channels">, id: string): StreamChannel | undefined {
  return channels.find((channel) => channel.id === id);
}

/** The stream with the channel of the same id replaced. */
export function replaceChannel(stream: Stream, changed: StreamChannel): Stream {
  const channels = (stream.channels ?? []).map((channel) => (channel.id === changed.id ? changed : channel));
  return { ...stream, channels };
}
