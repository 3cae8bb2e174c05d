/** What the NATS servers store in the log groups of all streams, read behind the gateways' backs. */
import assert from "node:assert/strict";
import { type DirectGetAnswer, directGet, type StoredMessage } from "../../src/engine/jetstream/api/direct-get.ts";
import { publishRepeatedly } from "../../src/engine/jetstream/api/publish.ts";
import { ServerConnection } from "../../src/engine/jetstream/api/server-connection.ts";
import { decodeLogMessage } from "../../src/engine/jetstream/format/log-message.ts";
import { kindOf } from "../../src/engine/jetstream/format/subjects.ts";
import { isEncoded, keyNumberOf } from "../../src/records/entry-encoding.ts";
import type { NatsServers } from "./nats-servers.ts";

const messagesPerGet = 500;
const bytesPerGet = 16 * 1024 * 1024;
const listMsMax = 2_000;

/** By log group, the sequence of a message; 0 for groups that it does not have. */
export type Mark = ReadonlyMap<string, number>;

export interface RawEntry {
  readonly group: string;
  readonly sequence: number;
  readonly subject: string;
  /** The data key that it is encrypted under; undefined: it is stored in clear. */
  readonly keyNumber: number | undefined;
}

interface Group {
  readonly name: string;
  /** Matches all of its messages. */
  readonly subject: string;
}

export class RawLogs implements AsyncDisposable {
  readonly #connection: ServerConnection;

  private constructor(connection: ServerConnection) {
    this.#connection = connection;
  }

  static async open({ urls }: NatsServers): Promise<RawLogs> {
    return new RawLogs(await ServerConnection.open({ urls }, "test"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close();
  }

  /**
   * Stores a message of its own in each log group, of a kind that gateways pass over: what lies before it was stored before the
   * call ended, and what lies behind it after the call began, whichever server leads.
   */
  async mark(): Promise<Mark> {
    const mark = new Map<string, number>();
    for (const { name, subject } of await this.#groups()) {
      const message = { subject: subject.replace(/>$/, "judge.m"), data: new Uint8Array(), headers: {} };
      let outcome = await publishRepeatedly(this.#connection, message);
      while (outcome.kind !== "stored" && (await this.#has(name))) {
        outcome = await publishRepeatedly(this.#connection, message);
      }
      if (outcome.kind === "stored") mark.set(name, outcome.sequence);
    }
    return mark;
  }

  /** All entries of all logs up to a mark, in the order of each log group; those of a group that is deleted meanwhile in part. */
  async entriesBefore(mark: Mark): Promise<readonly RawEntry[]> {
    const entries: RawEntry[] = [];
    for (const group of await this.#groups()) {
      const last = mark.get(group.name) ?? 0;
      for (let sequence = 1; sequence <= last; ) {
        const answer = await this.#get(group, sequence);
        if (answer === undefined) break;
        const messages = answer.messages.filter((message) => message.sequence <= last);
        entries.push(...messages.flatMap((message) => entriesOf(group.name, message)));
        // A replica that is behind has no message yet.
        sequence = (answer.messages.at(-1)?.sequence ?? sequence - 1) + 1;
      }
    }
    return entries;
  }

  /** Undefined: the group is gone. */
  async #get({ name: stream, subject }: Group, sequence: number): Promise<DirectGetAnswer | undefined> {
    const get = { stream, subject, from: { sequence }, messagesMax: messagesPerGet, bytesMax: bytesPerGet };
    for (;;) {
      const answer = await directGet(this.#connection, get).catch(() => undefined);
      if (answer !== undefined || !(await this.#has(stream))) return answer;
    }
  }

  async #has(group: string): Promise<boolean> {
    return (await this.#groups()).some(({ name }) => name === group);
  }

  async #groups(): Promise<readonly Group[]> {
    for (;;) {
      const reply = await this.#connection.request("$JS.API.STREAM.LIST", "{}", { timeoutMs: listMsMax });
      if (typeof reply === "string") continue;
      const { streams } = JSON.parse(Buffer.from(reply.data).toString()) as {
        readonly streams?: readonly {
          readonly config: { readonly name: string; readonly subjects: readonly string[] };
        }[];
      };
      if (streams === undefined) continue;
      return streams
        .map(({ config: { name, subjects } }) => ({ name, subject: subjects[0] ?? "" }))
        .filter(({ name }) => !name.startsWith("KV_"));
    }
  }
}

function entriesOf(group: string, { subject, sequence, data, timeMs }: StoredMessage): readonly RawEntry[] {
  if (kindOf(subject) !== "records") return [];
  const decoded = decodeLogMessage(data, sequence, timeMs);
  assert(decoded !== undefined, `message ${sequence} of ${group} is whole`);
  return decoded.entries.map(({ body }) => {
    return { group, sequence, subject, keyNumber: isEncoded(body) ? keyNumberOf(body) : undefined };
  });
}
