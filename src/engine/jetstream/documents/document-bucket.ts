import { EngineError } from "../../engine-error.ts";
import { directGet } from "../api/direct-get.ts";
import {
  ApiRefusalError,
  apiErrorCodes,
  type JetStreamApi,
  type StreamConfig,
  type StreamInfo,
} from "../api/jetstream-api.ts";
import { publishRepeatedly } from "../api/publish.ts";
import { type BucketNames, groupOfSubject, subjectOfGroup } from "./document-names.ts";

const duplicateWindowNs = 120_000_000_000;
const notesPerGet = 1_000;

/** Finds the bucket of documents, or makes it with so many replicas. Rejects with `ApiRefusalError` if it cannot be made. */
export async function openBucket(api: JetStreamApi, names: BucketNames, replicaCount: number): Promise<StreamInfo> {
  for (;;) {
    const info = await api.streamInfo(names.stream);
    if (info !== undefined) return info;
    try {
      await api.createStream(configOf(names, replicaCount));
    } catch (error) {
      // Another gateway made it at the same time.
      if (!(error instanceof ApiRefusalError && error.code === apiErrorCodes.streamNameInUse)) throw error;
    }
  }
}

/** As the key-value buckets of the NATS clients are, and pushed. */
function configOf({ stream, subjects, pushes }: BucketNames, replicaCount: number): StreamConfig {
  return {
    name: stream,
    subjects: [subjects],
    num_replicas: replicaCount,
    storage: "file",
    retention: "limits",
    discard: "new",
    max_age: 0,
    max_msgs_per_subject: 1,
    duplicate_window: duplicateWindowNs,
    allow_direct: true,
    allow_msg_ttl: true,
    allow_rollup_hdrs: true,
    deny_delete: true,
    republish: { src: subjects, dest: pushes },
  };
}

/** Notes in the bucket that log groups were made, so that one that is gone is missed. */
export class LogGroupRegistry {
  readonly #api: JetStreamApi;
  readonly #names: BucketNames;

  constructor(api: JetStreamApi, names: BucketNames) {
    this.#api = api;
    this.#names = names;
  }

  async has(group: string): Promise<boolean> {
    const note = await this.#api.lastMessage(this.#names.stream, subjectOfGroup(this.#names, group));
    return note !== undefined && note.data.length > 0;
  }

  /** The groups that were made and not removed. */
  async all(): Promise<readonly string[]> {
    const subject = subjectOfGroup(this.#names, "*");
    const found: string[] = [];
    for (let sequence = 1; ; ) {
      const get = { stream: this.#names.stream, subject, from: { sequence }, messagesMax: notesPerGet };
      const { messages, pendingCount } = await directGet(this.#api.connection, get);
      for (const message of messages) {
        const group = groupOfSubject(this.#names, message.subject);
        if (group !== undefined && message.data.length > 0) found.push(group);
      }
      if (pendingCount === 0) return found;
      sequence = (messages.at(-1)?.sequence ?? sequence) + 1;
    }
  }

  async add(group: string): Promise<void> {
    await this.#put(group, "made", {});
  }

  async remove(group: string): Promise<void> {
    await this.#put(group, "", { "KV-Operation": "DEL", "Nats-TTL": "1h" });
  }

  /** Without an expectation: all gateways write the same. */
  async #put(group: string, text: string, headers: Readonly<Record<string, string>>): Promise<void> {
    const subject = subjectOfGroup(this.#names, group);
    const outcome = await publishRepeatedly(this.#api.connection, { subject, data: Buffer.from(text), headers });
    if (outcome.kind === "stored") return;
    throw new EngineError("unavailable", "The bucket of documents has no leader; the log group was not noted.");
  }
}
