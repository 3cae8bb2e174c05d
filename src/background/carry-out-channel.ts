import type { StreamRevision } from "../registry/stream-revision.ts";
import { findChannel, replaceChannel } from "../streams/channel-ref.ts";
import type { Stream, StreamChannel } from "../streams/stream.ts";
import { commitStep } from "./commit-step.ts";
import type { ReconcilerContext } from "./reconciler-context.ts";

/**
 * Carries out the first transition of a channel that is due: CREATING to ACTIVE or FAILED, UPDATING to ACTIVE, DELETING to
 * removed. May be repeated from its start after a crash. Rejects with `conflict` when the stream has another intent meanwhile.
 */
export async function carryOutChannel(
  context: ReconcilerContext,
  revision: StreamRevision,
  nowMs: number,
): Promise<StreamRevision> {
  const due = (revision.stream.channels ?? []).find(({ dueMs }) => dueMs !== undefined && dueMs <= nowMs);
  if (due === undefined) return revision;
  const apply = await changeOf(context, revision, due);
  return await commitStep(context.registry, revision, (newest) => {
    const row = findChannel(newest, due.id);
    // A channel that was deleted meanwhile has another status, and another transition.
    return row === undefined || row.status !== due.status ? newest : apply(newest, row);
  });
}

type Change = (stream: Stream, row: StreamChannel) => Stream;

async function changeOf(
  { channels, channelNames }: ReconcilerContext,
  revision: StreamRevision,
  channel: StreamChannel,
): Promise<Change> {
  const { stream } = revision;
  switch (channel.status) {
    case "CREATING": {
      const statusReason = await channels.begin(revision, channel);
      return (newest, row) =>
        replaceChannel(newest, statusReason === undefined ? settled(row, "ACTIVE") : failed(row, statusReason));
    }
    case "DELETING": {
      await channels.drop(channel);
      // Before the row: a name whose row is gone must be free.
      await channelNames.release({ account: stream.account, region: stream.region, name: channel.name }, channel.id);
      return (newest, { id }) => withoutChannel(newest, id);
    }
    default:
      return (newest, row) => replaceChannel(newest, settled(row, "ACTIVE"));
  }
}

function settled({ dueMs: _done, ...row }: StreamChannel, status: "ACTIVE" | "FAILED"): StreamChannel {
  return { ...row, status };
}

function failed(row: StreamChannel, statusReason: string): StreamChannel {
  return { ...settled(row, "FAILED"), statusReason };
}

function withoutChannel(stream: Stream, channelId: string): Stream {
  const channels = (stream.channels ?? []).filter(({ id }) => id !== channelId);
  if (channels.length > 0) return { ...stream, channels };
  const { channels: _none, ...rest } = stream;
  return rest;
}
