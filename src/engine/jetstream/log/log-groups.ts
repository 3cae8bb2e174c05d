import { EngineError } from "../../engine-error.ts";
import { ApiRefusalError, apiErrorCodes, type JetStreamApi, type StreamConfig } from "../api/jetstream-api.ts";
import { groupName, groupSubjects, type SubjectNames, streamSubjects } from "../format/subjects.ts";

/** Ids of appends are remembered this long: ten times as long as an append is repeated. */
const duplicateWindowMs = 120_000;
const nsPerMs = 1_000_000;
/**
 * The servers remove no message by its age. A change of that setting has no compare-and-swap, so one of a gateway that was
 * paused, or cut off, would shorten the retention after others had made it longer.
 */
const maxAgeNs = 0;

/** A note that a log group was made, so that one that was deleted behind the engine's back is not made again, empty. */
export interface GroupRecords {
  has(group: string): Promise<boolean>;
  add(group: string): Promise<void>;
  remove(group: string): Promise<void>;
}

export interface LogGroupsOptions {
  readonly api: JetStreamApi;
  readonly names: SubjectNames;
  readonly replicaCount: number;
  readonly records: GroupRecords;
}

/** The log groups: JetStream streams, each with the logs of some shards of one stream. */
export class LogGroups {
  readonly #api: JetStreamApi;
  readonly #names: SubjectNames;
  readonly #replicaCount: number;
  readonly #records: GroupRecords;
  /** Groups that exist, or are being made, by name. */
  readonly #known = new Map<string, Promise<void>>();

  constructor({ api, names, replicaCount, records }: LogGroupsOptions) {
    this.#api = api;
    this.#names = names;
    this.#replicaCount = replicaCount;
    this.#records = records;
  }

  /**
   * Makes the group if it does not exist. May be repeated, also by several gateways at the same time. `first`: the sequence
   * of the group's first message; 0: 1. Rejects with `unavailable` if the group exists and began before.
   */
  async ensure(streamId: string, group: number, first = 0): Promise<void> {
    const name = groupName(this.#names, streamId, group);
    let known = this.#known.get(name);
    if (known === undefined) {
      known = this.#make(name, streamId, group, first);
      this.#known.set(name, known);
      known.catch(() => this.#known.delete(name));
    }
    await known;
  }

  /** Sees to it that the groups keep their messages until they are freed; earlier versions had the servers remove them by age. */
  async keepMessages(groups: readonly string[]): Promise<void> {
    for (const name of groups) {
      const info = await this.#api.streamInfo(name);
      if (info === undefined) throw groupIsGone(name);
      if (info.config.max_age !== maxAgeNs) await this.#api.updateStream({ ...info.config, max_age: maxAgeNs });
    }
  }

  /** Whether a group was made and not dropped since. */
  async isNoted(name: string): Promise<boolean> {
    return await this.#records.has(name);
  }

  /** Removes all groups of a stream, also those that no shard names any more. */
  async drop(streamId: string, groups: readonly string[]): Promise<void> {
    const found = await this.#api.streamNames(streamSubjects(this.#names, streamId));
    for (const name of new Set([...groups, ...found])) {
      // First, so that a group without a note was dropped, and one with a note was not.
      await this.#records.remove(name);
      await this.#api.deleteStream(name);
      this.#known.delete(name);
    }
  }

  async #make(name: string, streamId: string, group: number, first: number): Promise<void> {
    const info = await this.#api.streamInfo(name);
    if (info !== undefined) {
      if (first <= Number(info.config["first_seq"] ?? 1)) return;
      throw new EngineError("unavailable", `The log group ${name} was made for a copy of something else.`);
    }
    if (await this.#records.has(name)) throw groupIsGone(name);
    try {
      await this.#api.createStream({
        ...this.#configOf(name, streamId, group),
        ...(first === 0 ? {} : { first_seq: first }),
      });
    } catch (error) {
      // Another gateway made it at the same time.
      if (!(error instanceof ApiRefusalError && error.code === apiErrorCodes.streamNameInUse)) throw error;
    }
    await this.#records.add(name);
  }

  #configOf(name: string, streamId: string, group: number): StreamConfig {
    const { stored, pushed } = groupSubjects(this.#names, streamId, group);
    return {
      name,
      subjects: [stored],
      num_replicas: this.#replicaCount,
      storage: "file",
      retention: "limits",
      discard: "old",
      max_age: maxAgeNs,
      max_msgs_per_subject: -1,
      duplicate_window: duplicateWindowMs * nsPerMs,
      allow_direct: true,
      allow_msg_ttl: true,
      deny_delete: true,
      republish: { src: stored, dest: pushed },
    };
  }
}

export function groupIsGone(name: string): EngineError {
  return new EngineError(
    "unavailable",
    `The JetStream stream ${name} was removed by something else than Millrace, and the records in it with it. It is not made again; restore it from a backup, or delete the Kinesis stream.`,
  );
}
