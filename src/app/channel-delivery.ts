import type { ChannelStates } from "../background/reconciler-context.ts";
import type { ChannelTurns } from "../channels/channel.ts";
import type { ChannelFailure, ChannelFigures } from "../channels/channel-figures.ts";
import type { NamedFile } from "../config/config.ts";
import type { DocumentStore } from "../engine/document-store.ts";
import type { ChannelDestinations } from "../operations/operation-context.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { ShardServices } from "../shards/shard-services.ts";
import type { Stream, StreamChannel } from "../streams/stream.ts";

/** Sentences about channels that health reports. */
const reportedFaultsMax = 3;

/** The channels of a server. Without `--channels` they are kept and deliver nothing. */
export interface ChannelDelivery extends ChannelStates {
  /** Absent without `--channels`. */
  readonly destinations: ChannelDestinations | undefined;
  /** To be called with each new revision of a stream. */
  update(revision: StreamRevision): void;
  /** Undefined for a channel that does not deliver. */
  figures(channelId: string): ChannelFigures | undefined;
  /** Undefined while a channel delivers, and without `--channels`. */
  failure(channelId: string): ChannelFailure | undefined;
  /** Why channels of these streams deliver nothing at present, as a few sentences for /health. */
  faults(revisions: Iterable<StreamRevision>): readonly string[];
  close(): Promise<void>;
}

interface ChannelDeliveryOptions {
  readonly shards: ShardServices;
  readonly documents: DocumentStore;
  /** Present where several servers share the engine. */
  readonly turns: ChannelTurns | undefined;
  /** See `Engine.densePositions`. */
  readonly densePositions: boolean;
}

/** Loads what delivers only where it is used: it would lengthen each start. Throws `StartError` for a file with problems. */
export async function openChannelDelivery(
  file: NamedFile | undefined,
  { shards, documents, turns, densePositions }: ChannelDeliveryOptions,
): Promise<ChannelDelivery> {
  if (file === undefined) return withoutDelivery(documents);
  const { OpenChannels } = await import("../channels/open-channels.ts");
  const { ChannelsFileReloader } = await import("../channels/places/channels-file-reloader.ts");
  const { ContentThread } = await import("../channels/content-thread.ts");
  const { newDestination } = await import("./new-destination.ts");
  const places = new ChannelsFileReloader(file, shards.clock);
  const maker = new ContentThread(shards.clock);
  const parts = { places, maker, clock: shards.clock };
  const channels = new OpenChannels({
    shards,
    documents,
    turns,
    densePositions,
    destinationOf: (stream, channel) => newDestination(stream, channel, parts),
  });
  return {
    destinations: {
      knows: (kind, arn) => (kind === "bucket" ? places.find(arn) : places.findTable(arn)) !== undefined,
    },
    begin: (revision, channel) => channels.begin(revision, channel),
    drop: (channel) => channels.drop(channel),
    update: (revision) => channels.update(revision),
    figures: (channelId) => channels.figures(channelId),
    failure: (channelId) => channels.failure(channelId),
    faults: (revisions) => [
      ...(places.fault === undefined ? [] : [places.fault]),
      ...faultsOf(revisions, ({ id, name }, stream) => {
        const failure = channels.failure(id);
        if (failure === undefined) return undefined;
        const since = new Date(failure.sinceMs).toISOString();
        const sentence = `channel ${name} of stream ${stream.name} has delivered nothing since ${since}, its records wait in the stream until they expire: ${failure.sentence}`;
        return sentence;
      }),
    ],
    async close() {
      await channels.close();
      await maker.close();
      await places.close();
    },
  };
}

function withoutDelivery(documents: DocumentStore): ChannelDelivery {
  return {
    destinations: undefined,
    begin: async () => "The server was started without --channels, the file that says where buckets and tables are.",
    async drop({ id }) {
      const { CheckpointStore } = await import("../channels/checkpoint-store.ts");
      await new CheckpointStore(documents).remove(id);
    },
    update: () => undefined,
    figures: () => undefined,
    failure: () => undefined,
    faults: (revisions) =>
      faultsOf(revisions, ({ name, status }, stream) => {
        if (status !== "ACTIVE" && status !== "UPDATING") return undefined;
        const sentence = `channel ${name} of stream ${stream.name} delivers nothing, because the server was started without --channels; its records wait in the stream until they expire`;
        return sentence;
      }),
    close: async () => undefined,
  };
}

function faultsOf(
  revisions: Iterable<StreamRevision>,
  faultOf: (channel: StreamChannel, stream: Stream) => string | undefined,
): readonly string[] {
  const sentences: string[] = [];
  for (const { stream } of revisions) {
    for (const channel of stream.channels ?? []) {
      const fault = faultOf(channel, stream);
      if (fault !== undefined) sentences.push(fault);
    }
  }
  const more = sentences.length - reportedFaultsMax;
  const reported = sentences.slice(0, reportedFaultsMax);
  return more > 0 ? [...reported, `${more} more channels deliver nothing`] : reported;
}
