import { EngineError } from "../../engine-error.ts";
import type { JetStreamApi } from "../api/jetstream-api.ts";
import { positionOf } from "../format/log-message.ts";
import type { LogSubjects } from "../format/subjects.ts";
import { groupIsGone } from "./log-groups.ts";

const sequencesMax = 256;

/** The last message with records of a shard, as far as this gateway knows. */
export interface KnownLast {
  readonly sequence: number;
  /** One past its last record. */
  readonly end: bigint;
  /** Whether a call of this gateway was told so: then its own reads must find it. */
  readonly isAcknowledgedHere: boolean;
}

export interface ShardStateOptions {
  readonly subjects: LogSubjects;
  /** Names the shard in messages. */
  readonly title: string;
  /** The first sequence of a group with copied logs; 0: none was copied. */
  readonly firstSequence: number;
  /** Whether the log group was made and not dropped since. */
  readonly isNoted: () => Promise<boolean>;
}

/** What this gateway knows of one shard log. Nothing of it is needed for correctness: all of it can be asked for again. */
export class ShardState {
  readonly subjects: LogSubjects;
  readonly title: string;
  /** Positions below it are those of copied entries, and do not tell the sequences of their messages. */
  readonly copiedBelow: bigint;
  /** The sequences to read from for positions of copied entries, as reads have shown them; the oldest go first. */
  readonly #sequences = new Map<bigint, number>();
  readonly #isNoted: () => Promise<boolean>;
  /** The log was dropped, by this gateway or by another one. */
  isDropped = false;
  /** The newest message that this gateway has copied into the log, and when. */
  copied = { sequence: 0, ms: 0 };
  #last: KnownLast | undefined;
  #heard = 0n;
  #acknowledged = { sequence: 0, ms: 0 };
  /** The sequence of the message that ends a sealed log. */
  #endSequence: number | undefined;
  #leader = { sequence: 0, askedMs: Number.NEGATIVE_INFINITY };

  constructor({ subjects, title, firstSequence, isNoted }: ShardStateOptions) {
    this.subjects = subjects;
    this.title = title;
    this.copiedBelow = positionOf(firstSequence);
    this.#isNoted = isNoted;
  }

  /** The sequence to read from for the position of a copied entry; undefined: not known. */
  sequenceOfCopied(position: bigint): number | undefined {
    return this.#sequences.get(position);
  }

  learnSequence(position: bigint, sequence: number): void {
    if (position >= this.copiedBelow) return;
    this.#sequences.set(position, sequence);
    const [oldest] = this.#sequences.keys();
    if (this.#sequences.size > sequencesMax && oldest !== undefined) this.#sequences.delete(oldest);
  }

  get last(): KnownLast | undefined {
    return this.#last;
  }

  /** The last message that was acknowledged to a caller of this gateway, and when, in ms of the monotonic clock. */
  get acknowledged(): { readonly sequence: number; readonly ms: number } {
    return this.#acknowledged;
  }

  /** The last message with records as the leader had it, and when it was asked, in ms of the monotonic clock. */
  get leader(): { readonly sequence: number; readonly askedMs: number } {
    return this.#leader;
  }

  learnLeaderSequence(sequence: number): void {
    this.#leader = { sequence, askedMs: performance.now() };
  }

  get endPosition(): bigint | undefined {
    return this.#endSequence === undefined ? undefined : positionOf(this.#endSequence);
  }

  /** One past the last record that is known. */
  get knownTip(): bigint {
    if (this.#endSequence !== undefined) return positionOf(this.#endSequence);
    return this.#last === undefined ? 1n : this.#last.end;
  }

  /** As `knownTip`, but behind it while this gateway knows of records that no reader of it has read. */
  get heardTip(): bigint {
    const tip = this.knownTip;
    return this.#endSequence === undefined && this.#heard > tip ? this.#heard : tip;
  }

  /** `tip`: a position at or before the end of the last record. */
  hearOf(tip: bigint): void {
    if (tip > this.#heard) this.#heard = tip;
  }

  learnLast(last: KnownLast): void {
    if (last.isAcknowledgedHere) this.#acknowledged = { sequence: last.sequence, ms: performance.now() };
    if (this.#last === undefined || last.sequence > this.#last.sequence) this.#last = last;
  }

  learnEnd(sequence: number): void {
    this.#endSequence = sequence;
  }

  assertExists(): void {
    if (this.isDropped) throw this.notFound();
  }

  notFound(): EngineError {
    return new EngineError("not_found", `${this.title} does not exist in the cluster any more.`);
  }

  /** For an append that met a marker on its fence: a dropped log has one as well as a sealed one. */
  async fencedOrThrow(api: JetStreamApi): Promise<"fenced"> {
    if ((await api.lastMessage(this.subjects.group, this.subjects.dropped)) === undefined) return "fenced";
    this.isDropped = true;
    throw this.notFound();
  }

  /** For a message that no server takes: the group may have no leader, or be gone. */
  async assertGroupExists(api: JetStreamApi): Promise<void> {
    if ((await api.streamInfo(this.subjects.group)) !== undefined) return;
    throw (await this.#isNoted()) ? groupIsGone(this.subjects.group) : this.notFound();
  }
}
