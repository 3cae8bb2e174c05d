import type { RecordSlice } from "../../records/outgoing-records.ts";
import { deadLetterPrefixDefault, type KeyFacts, objectKey } from "../../streams/channel-key-template.ts";
import type { RecordFault } from "../batch/content-maker.ts";
import { type Cut, cutSuffix } from "../batch/cut.ts";
import { deadLetterLines } from "./dead-letter-lines.ts";
import type { ObjectStore } from "./object-store.ts";

const keyTemplate = "!{channel-name}-!{channel-id}-!{yyyy}-!{MM}-!{dd}-!{HH}-!{mm}!{extension}";
const contentType = "application/x-ndjson";

/** Whose dead letters they are. */
export interface DeadLetterChannel extends Omit<KeyFacts, "oldestMs" | "extension"> {
  /** A prefix of keys; absent: ours. */
  readonly deadLetterPrefix?: string | undefined;
}

/** Collects the dead letters of one batch, and stores them as one object. */
export class DeadLetterWriter {
  readonly #channel: DeadLetterChannel;
  readonly #store: ObjectStore;
  #parts: Buffer[] = [];
  count = 0;
  byteCount = 0;

  constructor(channel: DeadLetterChannel, store: ObjectStore) {
    this.#channel = channel;
    this.#store = store;
  }

  /** `faults`: by the number of the record in the page, ascending. */
  add(slices: readonly RecordSlice[], faults: readonly (readonly [number: number, fault: RecordFault])[]): void {
    if (faults.length === 0) return;
    const lines = Buffer.from(deadLetterLines(slices, faults));
    this.#parts.push(lines);
    this.count += faults.length;
    this.byteCount += lines.length;
  }

  /** The key is of this cut alone, so an object that has it already was stored by an earlier attempt. */
  async store(cut: Cut, signal: AbortSignal): Promise<void> {
    if (this.count === 0) return;
    const { deadLetterPrefix = deadLetterPrefixDefault, ...channel } = this.#channel;
    const facts: KeyFacts = { ...channel, oldestMs: cut.oldestMs, extension: ".json" };
    const key = objectKey(deadLetterPrefix + keyTemplate, facts, cutSuffix(cut));
    await this.#store.putNew(key, Buffer.concat(this.#parts), { contentType, signal });
  }

  discard(): void {
    this.#parts = [];
  }
}
