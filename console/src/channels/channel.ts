import { type ChannelFigures, channelFigures } from "../api/console-data.ts";
import { kinesis } from "../api/kinesis.ts";
import { listAll } from "../api/list-all.ts";
import type { ChannelDescription, ChannelSummary } from "../api/shapes.ts";
import { durationText } from "../parts/format.ts";

/** A channel with its figures; undefined where it does not deliver. */
export interface CountedChannel<Channel> {
  readonly channel: Channel;
  readonly figures: ChannelFigures | undefined;
}

/** All channels of the caller. Errors: KinesisError. */
export async function listChannels(): Promise<readonly CountedChannel<ChannelSummary>[]> {
  const [channels, figures] = await Promise.all([
    listAll<ChannelSummary>("ListChannels", "ChannelSummaries"),
    channelFigures(),
  ]);
  return channels.map((channel) => ({ channel, figures: figures[channel.ChannelId] }));
}

/** Errors: KinesisError. */
export async function describeChannel(ChannelARN: string): Promise<CountedChannel<ChannelDescription>> {
  const [{ ChannelDescription: channel }, figures] = await Promise.all([
    kinesis<{ ChannelDescription: ChannelDescription }>("DescribeChannel", { ChannelARN }),
    channelFigures(),
  ]);
  return { channel, figures: figures[channel.ChannelId] };
}

type State = CountedChannel<Pick<ChannelSummary, "ChannelStatus" | "ChannelStatusReason">>;

/** Why a channel delivers nothing, as a sentence; undefined while it does, or is not made yet. */
export function silenceOf({ channel, figures }: State): string | undefined {
  const { ChannelStatus, ChannelStatusReason = "" } = channel;
  if (ChannelStatus === "FAILED") return ChannelStatusReason;
  if (figures?.failure !== undefined) return figures.failure.sentence;
  if (ChannelStatus !== "ACTIVE" || figures !== undefined) return undefined;
  return "The server was started without --channels, the file that says where buckets and tables are.";
}

/** Records that were given up: they did not fit the format, or expired before they were delivered. */
export function lostCount({ failedCount, expiredCount }: ChannelFigures): number {
  return failedCount + expiredCount;
}

/** How old the oldest record is that waits. */
export function behindText(figures: ChannelFigures | undefined): string {
  if (figures === undefined) return "–";
  const { freshnessSeconds: seconds } = figures;
  if (seconds === undefined) return "another gateway delivers";
  return seconds === 0 ? "all delivered" : durationText(seconds * 1_000);
}
