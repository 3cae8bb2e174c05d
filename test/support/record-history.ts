/**
 * What the writers sent, what the server promised, and what readers saw: the promises that a read after a crash is held to.
 * Every record is unique: `writer:number:padding:crc32`, so that a payload proves by itself whose it is and that it is whole.
 */
import { crc32 } from "node:zlib";

export interface ReadRecord {
  readonly Data: string;
  readonly PartitionKey: string;
  readonly SequenceNumber: string;
}

/** Where a record is for ever, once an acknowledgement or a reader has seen it. */
interface Place {
  readonly shardId: string;
  readonly sequenceNumber: string;
}

export interface SentRecord {
  readonly id: string;
  readonly data: string;
  readonly partitionKey: string;
}

export class RecordHistory {
  /** Partition keys of all records sent; shared with the forks, where they may appear too. */
  readonly #partitionKeys: Map<string, string>;
  readonly #places: Map<string, Place>;
  readonly #owners: Map<string, string>;

  constructor(partitionKeys = new Map<string, string>(), places?: Map<string, Place>, owners?: Map<string, string>) {
    this.#partitionKeys = partitionKeys;
    this.#places = new Map(places);
    this.#owners = new Map(owners);
  }

  get promisedCount(): number {
    return this.#places.size;
  }

  /** For a copy of the server's data that is about to be taken: what has been promised by now must be in it. */
  fork(): RecordHistory {
    return new RecordHistory(this.#partitionKeys, this.#places, this.#owners);
  }

  /** Makes the record and notes that it is about to be sent; from now on it may appear, once. */
  send(
    writer: number,
    number: number,
    options: { readonly partitionKey: string; readonly paddingBytes: number },
  ): SentRecord {
    const id = `${writer}:${number}`;
    const text = `${id}:${"x".repeat(options.paddingBytes)}:`;
    this.#partitionKeys.set(id, options.partitionKey);
    const data = Buffer.from(text + crc32(text).toString(16)).toString("base64");
    return { id, data, partitionKey: options.partitionKey };
  }

  /** The server acknowledged the record, or gave it to a reader: it has to stay where it is. */
  promise(id: string, place: Place): void {
    const earlier = this.#places.get(id);
    if (earlier !== undefined && describe(earlier) !== describe(place)) {
      throw new Error(`record ${id} was at ${describe(earlier)} and is now at ${describe(place)}`);
    }
    const owner = this.#owners.get(place.sequenceNumber);
    if (owner !== undefined && owner !== id) {
      throw new Error(`sequence number ${place.sequenceNumber} was given to record ${owner} and to record ${id}`);
    }
    this.#places.set(id, place);
    this.#owners.set(place.sequenceNumber, id);
  }

  /** One page or one whole shard, in the order in which it was read. */
  see(shardId: string, records: readonly ReadRecord[], seenBefore: ShardProgress = newProgress()): void {
    for (const record of records) {
      const { id, writer, number } = this.#identify(shardId, record);
      const sequenceNumber = BigInt(record.SequenceNumber);
      if (sequenceNumber <= seenBefore.lastSequenceNumber) {
        throw new Error(`${shardId}: ${sequenceNumber} comes after ${seenBefore.lastSequenceNumber}`);
      }
      const last = seenBefore.lastNumbers.get(writer) ?? -1;
      if (number <= last) throw new Error(`${shardId}: record ${id} comes after ${writer}:${last}`);
      seenBefore.lastSequenceNumber = sequenceNumber;
      seenBefore.lastNumbers.set(writer, number);
      this.promise(id, { shardId, sequenceNumber: record.SequenceNumber });
    }
  }

  /** All shards from TRIM_HORIZON: whatever was ever promised must be there. */
  seeWhole(shards: ReadonlyMap<string, readonly ReadRecord[]>): void {
    const read = new Set<string>();
    for (const [shardId, records] of shards) {
      this.see(shardId, records);
      for (const record of records) read.add(record.SequenceNumber);
    }
    for (const [id, place] of this.#places) {
      if (!read.has(place.sequenceNumber))
        throw new Error(`record ${id} was promised at ${describe(place)} and is lost`);
    }
  }

  #identify(
    shardId: string,
    record: ReadRecord,
  ): { readonly id: string; readonly writer: number; readonly number: number } {
    const text = Buffer.from(record.Data, "base64").toString("latin1");
    const end = text.lastIndexOf(":") + 1;
    if (crc32(text.slice(0, end)).toString(16) !== text.slice(end)) {
      throw new Error(`${shardId}: the record at ${record.SequenceNumber} is damaged: ${text.slice(0, 80)}`);
    }
    const [writer, number] = text.split(":", 2);
    const id = `${writer}:${number}`;
    if (this.#partitionKeys.get(id) !== record.PartitionKey) {
      throw new Error(`${shardId}: record ${id} was not sent with partition key ${record.PartitionKey}`);
    }
    return { id, writer: Number(writer), number: Number(number) };
  }
}

/** How far a reader has come in a shard. */
export interface ShardProgress {
  lastSequenceNumber: bigint;
  /** The last number of each writer. */
  readonly lastNumbers: Map<number, number>;
}

export function newProgress(): ShardProgress {
  return { lastSequenceNumber: -1n, lastNumbers: new Map() };
}

function describe(place: Place): string {
  return `${place.shardId} ${place.sequenceNumber}`;
}
