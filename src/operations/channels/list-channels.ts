import { listByStream } from "../list-by-stream.ts";
import { defineOperation } from "../operation.ts";
import { channelSummaryOutput } from "./channel-output.ts";

/** Channels in all states, sorted by name; with a filter those of its streams. */
export const listChannels = defineOperation({
  name: "ListChannels",
  plane: "control",
  async handle(input, context) {
    const { rows, token } = listByStream(input, context, { kind: "channels", rowsOf: ({ channels }) => channels });
    return { ChannelSummaries: rows.map(({ stream, row }) => channelSummaryOutput(stream, row)), ...token };
  },
});
