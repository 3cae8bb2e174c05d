import type { DocumentStore } from "../engine/document-store.ts";
import { isConflict } from "../engine/engine-error.ts";
import type { Cut } from "./batch/cut.ts";

/** Part of the stored format, as is the form below. */
const keyPrefix = "channels/";
const version = 1;

/** How far a channel has delivered. */
export interface Checkpoint {
  /** Records that arrived before are not delivered; ms since the epoch. */
  readonly startMs: number;
  /** The number of the last cut. */
  readonly cutCount: number;
  /** The position to go on from, by shard; absent shards begin at `startMs`. */
  readonly delivered: ReadonlyMap<number, number>;
  /** The batch that was cut and may or may not be stored. */
  readonly cut?: Cut;
}

/** A checkpoint as it was read or written. */
export interface VersionedCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly revision: bigint;
}

/*
 * The document: JSON of v, startMs, cutCount, delivered as [shard, position] …, and cut with ranges as [shard, from, to] ….
 */
interface CheckpointDocument {
  readonly v: number;
  readonly startMs: number;
  readonly cutCount: number;
  readonly delivered: readonly (readonly [number, number])[];
  readonly cut?: Omit<Cut, "ranges"> & { readonly ranges: readonly (readonly [number, number, number])[] };
}

/**
 * The checkpoints of channels, one document for each. A write replaces exactly what was read before: of two servers that
 * deliver the same channel, one gets a `conflict` before it stores anything.
 */
export class CheckpointStore {
  readonly #documents: DocumentStore;

  constructor(documents: DocumentStore) {
    this.#documents = documents;
  }

  async read(channelId: string): Promise<VersionedCheckpoint | undefined> {
    const found = await this.#documents.get(keyPrefix + channelId);
    return found === undefined ? undefined : { checkpoint: decode(found.value), revision: found.revision };
  }

  /** Writes the first checkpoint of a channel, unless there is one. */
  async create(channelId: string, startMs: number): Promise<void> {
    const first = encode({ startMs, cutCount: 0, delivered: new Map() });
    try {
      await this.#documents.compareAndSwap(keyPrefix + channelId, first, 0n);
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }

  /** Durable when it resolves. Rejects with `conflict` when another server has written since. */
  async replace(channelId: string, { revision }: VersionedCheckpoint, next: Checkpoint): Promise<VersionedCheckpoint> {
    const written = await this.#documents.compareAndSwap(keyPrefix + channelId, encode(next), revision);
    return { checkpoint: next, revision: written };
  }

  /** May be repeated. */
  async remove(channelId: string): Promise<void> {
    const found = await this.#documents.get(keyPrefix + channelId);
    if (found !== undefined) await this.#documents.compareAndSwap(found.key, null, found.revision);
  }
}

function encode({ startMs, cutCount, delivered, cut }: Checkpoint): Uint8Array {
  const document: CheckpointDocument = {
    v: version,
    startMs,
    cutCount,
    delivered: [...delivered],
    ...(cut === undefined
      ? {}
      : { cut: { ...cut, ranges: cut.ranges.map(({ shardIndex, from, to }) => [shardIndex, from, to] as const) } }),
  };
  return Buffer.from(JSON.stringify(document));
}

function decode(value: Uint8Array): Checkpoint {
  const { v, startMs, cutCount, delivered, cut } = JSON.parse(Buffer.from(value).toString()) as CheckpointDocument;
  if (v !== version) {
    throw new Error(
      `A channel's checkpoint has version ${v}; this server reads version ${version}. Start the newer server that wrote it.`,
    );
  }
  const ranges = cut?.ranges.map(([shardIndex, from, to]) => ({ shardIndex, from, to })) ?? [];
  return {
    startMs,
    cutCount,
    delivered: new Map(delivered),
    ...(cut === undefined ? {} : { cut: { ...cut, ranges } }),
  };
}
