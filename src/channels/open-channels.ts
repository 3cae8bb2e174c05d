import { randomInt } from "node:crypto";
import type { DocumentStore } from "../engine/document-store.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { ShardServices } from "../shards/shard-services.ts";
import type { Stream, StreamChannel } from "../streams/stream.ts";
import { backgroundTaskFailed } from "../telemetry/diagnostic-events.ts";
import { type Destination, DestinationError } from "./batch/destination.ts";
import { BatchSlots } from "./batch-slots.ts";
import { Channel, type ChannelTurns } from "./channel.ts";
import type { ChannelFailure, ChannelFigures } from "./channel-figures.ts";
import { CheckpointStore } from "./checkpoint-store.ts";

/** Batches filled or stored at once in the server; each may hold its stored bytes, up to 16 MiB and a page, in memory. */
const batchesMax = 4;
/** How long a new channel may take to try its destination. */
const prepareMsMax = 15_000;
const randomLength = 6;
const randomBase = 36;

export interface OpenChannelsOptions {
  readonly shards: ShardServices;
  readonly documents: DocumentStore;
  /** The destination of a channel. Throws `DestinationError` where the operator's file does not say where it is. */
  readonly destinationOf: (stream: Stream, channel: StreamChannel) => Destination;
  /** Present where several servers share the engine. */
  readonly turns?: ChannelTurns | undefined;
  /** See `Engine.densePositions`; default: true. */
  readonly densePositions?: boolean;
  /** Six characters of `[a-z0-9]`. */
  readonly newRandom?: () => string;
}

/** The channels of a server that deliver. */
export class OpenChannels {
  readonly #options: OpenChannelsOptions;
  readonly #checkpoints: CheckpointStore;
  readonly #slots = new BatchSlots(batchesMax);
  readonly #channels = new Map<string, Channel>();
  #isClosed = false;

  constructor(options: OpenChannelsOptions) {
    this.#options = options;
    this.#checkpoints = new CheckpointStore(options.documents);
  }

  /**
   * Tries the destination of a new channel and notes where it begins. Resolves with the reason why nothing can be delivered to
   * it, or undefined. May be repeated.
   */
  async begin({ stream }: StreamRevision, channel: StreamChannel): Promise<string | undefined> {
    let destination: Destination | undefined;
    try {
      destination = this.#options.destinationOf(stream, channel);
      await destination.prepare(AbortSignal.timeout(prepareMsMax));
    } catch (error) {
      if (error instanceof DestinationError) return error.message;
      throw error;
    } finally {
      await destination?.close();
    }
    await this.#checkpoints.create(channel.id, channel.createdMs);
    return undefined;
  }

  /** Ends the delivery of a channel, and drops its checkpoint. May be repeated. */
  async drop({ id }: StreamChannel): Promise<void> {
    await this.#end(id);
    await this.#checkpoints.remove(id);
  }

  /** To be called with each new revision of a stream. */
  update(revision: StreamRevision): void {
    if (this.#isClosed) return;
    const delivering = (revision.stream.channels ?? []).filter(
      ({ status }) => status === "ACTIVE" || status === "UPDATING",
    );
    for (const row of delivering) {
      const known = this.#channels.get(row.id);
      if (known !== undefined) known.update(revision, row);
      else this.#open(revision, row);
    }
    const ids = new Set(delivering.map(({ id }) => id));
    for (const [id, { streamId }] of this.#channels) {
      // The row may be gone before this server has heard that it is being deleted.
      if (streamId === revision.stream.id && !ids.has(id)) void this.#end(id);
    }
  }

  /** Undefined for a channel that does not deliver. */
  figures(channelId: string): ChannelFigures | undefined {
    return this.#channels.get(channelId)?.figures;
  }

  /** Undefined while a channel delivers. */
  failure(channelId: string): ChannelFailure | undefined {
    return this.#channels.get(channelId)?.failure;
  }

  /** Resolves when nothing is read or stored any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#channels.keys()].map((id) => this.#end(id)));
  }

  #open(revision: StreamRevision, row: StreamChannel): void {
    const { shards, destinationOf, turns, densePositions = true, newRandom = randomCharacters } = this.#options;
    const { stream } = revision;
    const channel = new Channel({
      services: shards,
      checkpoints: this.#checkpoints,
      destination: destinationOf(stream, row),
      slots: this.#slots,
      revision,
      row,
      newRandom,
      turns,
      densePositions,
      failed: (error) => backgroundTaskFailed.publish({ streamName: stream.name, intent: "channel", error }),
    });
    this.#channels.set(row.id, channel);
    shards.growth.listen(stream.id, row.id, channel.pending.note);
    channel.start();
  }

  async #end(channelId: string): Promise<void> {
    const channel = this.#channels.get(channelId);
    if (channel === undefined) return;
    this.#channels.delete(channelId);
    this.#options.shards.growth.forget(channel.streamId, channelId);
    await channel.close();
  }
}

function randomCharacters(): string {
  return Array.from({ length: randomLength }, () => randomInt(randomBase).toString(randomBase)).join("");
}
