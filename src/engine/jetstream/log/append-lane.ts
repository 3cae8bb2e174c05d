import type { QuietTick } from "../../../time/quiet-tick.ts";
import { EngineError } from "../../engine-error.ts";
import type { JetStreamApi } from "../api/jetstream-api.ts";
import { attemptMs, messageHeaders, type PublishOutcome, publish } from "../api/publish.ts";
import {
  type EntryBytes,
  encodeLogMessage,
  entryHeaderBytes,
  positionOf,
  recordsPerMessageMax,
} from "../format/log-message.ts";
import { type AppendAttempts, type AppendStep, nextAppendStep } from "./append-plan.ts";
import { emptyFence, type OpenFence, readFence } from "./fence-state.ts";
import { findBeforeMarker } from "./find-before-marker.ts";
import type { ShardState } from "./shard-state.ts";

/** Entries that wait are stored together, up to this many bytes; a larger entry is stored alone. */
const messageBytesMax = 1024 * 1024;

export interface WaitingEntry extends EntryBytes {
  readonly settingsEpoch: number;
  /** The position of the first record; 0n: it is fenced. */
  readonly resolve: (position: bigint) => void;
  readonly reject: (error: EngineError) => void;
}

const refusedByFormerLeader = { kind: "failed", reason: "a former leader does not know its fence" } as const;

/** A message on its way. */
interface LaneMessage {
  readonly data: Uint8Array;
  readonly id: string;
  readonly settingsEpoch: number;
}

/** What the lanes of a gateway share. */
export interface LaneContext {
  readonly api: JetStreamApi;
  /** Identifies this run of this gateway. */
  readonly session: bigint;
  readonly nextId: () => string;
  readonly nowMs: () => number;
  /**
   * When lanes begin to store what has come. They begin together: so their messages leave in one write, and the servers commit
   * them together.
   */
  readonly starts: QuietTick;
}

/**
 * The appends of this gateway to one shard: one message on its way at a time, and in it all that waited meanwhile. So
 * appends of a gateway are stored in the order of their calls, and the chain of its messages has no gap.
 */
export class AppendLane {
  readonly #context: LaneContext;
  readonly #shard: ShardState;
  #waiting: WaitingEntry[] = [];
  #running: Promise<void> | undefined;
  #stripe: number;
  /** By stripe, as this gateway has seen them. */
  readonly #fences: OpenFence[];
  /** The newest message of this session in the shard. */
  #previous = { sequence: 0, ms: 0 };

  constructor(context: LaneContext, shard: ShardState) {
    this.#context = context;
    this.#shard = shard;
    this.#stripe = Number(context.session % BigInt(shard.subjects.fences.length));
    this.#fences = shard.subjects.fences.map(() => emptyFence);
  }

  add(entry: WaitingEntry): void {
    this.#waiting.push(entry);
    const start = this.#context.starts.come();
    this.#running ??= this.#run(start);
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(start: Promise<void>): Promise<void> {
    await start;
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, countOfNextMessage(this.#waiting));
      try {
        await this.#store(group);
      } catch (error) {
        const failure = error instanceof EngineError ? error : new EngineError("indeterminate", String(error));
        for (const { reject } of group) reject(failure);
      }
    }
    this.#running = undefined;
  }

  async #store(group: readonly WaitingEntry[]): Promise<void> {
    const { session, nextId, nowMs } = this.#context;
    const link = { session, previousSequence: this.#previous.sequence, previousMs: this.#previous.ms };
    const data = encodeLogMessage(group, link);
    const sequence = await this.#publish({ data, id: nextId(), settingsEpoch: group[0]?.settingsEpoch ?? 0 });
    if (sequence === "fenced") {
      for (const { resolve } of group) resolve(0n);
      return;
    }
    this.#previous = { sequence, ms: nowMs() };
    let end = positionOf(sequence);
    const positions = group.map(({ count, copied }) => {
      const position = copied?.position ?? end;
      end = position + BigInt(count);
      return position;
    });
    this.#shard.learnLast({ sequence, end, isAcknowledgedHere: true });
    for (const [index, { resolve }] of group.entries()) resolve(positions[index] as bigint);
  }

  /** Repeats until it is known what came of the message, or the time to hold it is over. */
  async #publish(message: LaneMessage): Promise<number | "fenced"> {
    const { connection } = this.#context.api;
    const { data, id, settingsEpoch } = message;
    const startMs = performance.now();
    let attempts: AppendAttempts = { sameKindCount: 0, maybeStored: false, elapsedMs: 0 };
    let kind: PublishOutcome["kind"] | undefined;
    for (;;) {
      const fence = this.#fence;
      if (fence.settingsEpoch > settingsEpoch) return "fenced";
      const { records: subject } = this.#shard.subjects;
      const outcome = await publish(connection, { subject, data, headers: this.#headers(id), timeoutMs: attemptMs });
      attempts = {
        sameKindCount: outcome.kind === kind ? attempts.sameKindCount + 1 : 1,
        maybeStored: attempts.maybeStored || outcome.kind === "unknown",
        elapsedMs: connection.isClosed ? Number.POSITIVE_INFINITY : performance.now() - startMs,
      };
      kind = outcome.kind;
      const done = await this.#take(nextAppendStep(outcome, attempts, Math.random()), message, attempts);
      if (done !== undefined) return done;
      // The search before the new message has found that no attempt so far is stored.
      if (outcome.kind === "refused" && this.#fence !== fence) attempts = { ...attempts, maybeStored: false };
    }
  }

  /** Takes one step. The sequence of the message when that is known; undefined: the next attempt follows. */
  async #take(
    step: AppendStep,
    message: LaneMessage,
    attempts: AppendAttempts,
  ): Promise<number | "fenced" | undefined> {
    const { api } = this.#context;
    switch (step.kind) {
      case "done":
        return step.sequence;
      case "look": {
        const state = await readFence(api, this.#shard, this.#fenceSubject, this.#fence.sequence);
        if (state === "unchanged") {
          return await this.#take(nextAppendStep(refusedByFormerLeader, attempts, Math.random()), message, attempts);
        }
        return (step.examines ? await this.#find(message.id) : undefined) ?? (await this.#learn(state));
      }
      case "give-up":
        throw gaveUp(step);
      case "find":
        await this.#shard.assertGroupExists(api);
        break;
      case "repeat":
        if (step.changesStripe) this.#stripe = (this.#stripe + 1) % this.#shard.subjects.fences.length;
    }
    if (step.pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, step.pauseMs));
    return undefined;
  }

  /** The sequence of an attempt without an answer; undefined if none is stored. */
  async #find(id: string): Promise<number | undefined> {
    const from = Math.max(this.#previous.sequence, this.#fence.sequence) + 1;
    return await findBeforeMarker(this.#context.api, this.#shard, { id, from, fence: this.#fenceSubject });
  }

  /** Undefined: the fence has a message that opens a settings epoch, which the next attempt may name. */
  async #learn(state: OpenFence | "ended"): Promise<"fenced" | undefined> {
    if (state === "ended") return await this.#shard.fencedOrThrow(this.#context.api);
    this.#fences[this.#stripe] = state;
    return undefined;
  }

  #headers(id: string): Readonly<Record<string, string>> {
    return {
      [messageHeaders.id]: id,
      [messageHeaders.expectedLastSequence]: String(this.#fence.sequence),
      [messageHeaders.expectedSubject]: this.#fenceSubject,
    };
  }

  get #fence(): OpenFence {
    return this.#fences[this.#stripe] ?? emptyFence;
  }

  get #fenceSubject(): string {
    return this.#shard.subjects.fences[this.#stripe] ?? "";
  }
}

/** How many of the waiting entries the next message takes: at least one, and all of one settings epoch. */
export function countOfNextMessage(waiting: readonly (EntryBytes & { readonly settingsEpoch?: number })[]): number {
  let bytes = 0;
  let records = 0;
  let count = 0;
  for (const entry of waiting) {
    bytes += entryHeaderBytes + entry.body.length;
    records += entry.count;
    if (count > 0 && (bytes > messageBytesMax || records > recordsPerMessageMax)) break;
    if (entry.settingsEpoch !== waiting[0]?.settingsEpoch) break;
    count += 1;
  }
  return count;
}

function gaveUp({ as, reason }: Extract<AppendStep, { kind: "give-up" }>): EngineError {
  return as === "unavailable"
    ? new EngineError(as, `Nothing was stored: ${reason}. It may be tried again.`)
    : new EngineError(as, `It is not known whether the records were stored: ${reason}.`);
}
