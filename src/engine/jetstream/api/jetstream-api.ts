import { EngineError } from "../../engine-error.ts";
import { jsonOf } from "./pending-requests.ts";
import type { ServerConnection } from "./server-connection.ts";

/** Codes of the server's API errors. The start tests those that the log relies on. */
export const apiErrorCodes = {
  streamNotFound: 10_059,
  streamNameInUse: 10_058,
  noMessageFound: 10_037,
  /** The subject of the expectation has another last sequence, which the description ends with. */
  wrongLastSequence: 10_071,
  /** Another append with the same expectation is on its way. */
  wrongLastSequenceInFlight: 10_164,
  /** A message with the same id is on its way. */
  duplicateInFlight: 10_158,
} as const;

const attemptMs = 2_000;
/** Elections of the servers take up to 9 s. */
export const answerMsMax = 12_000;
const retryPauseMs = 100;

interface ApiFault {
  readonly code: number;
  readonly err_code?: number;
  readonly description?: string;
}

/** The configuration of a JetStream stream, as far as it is used. Times are in ns. */
export interface StreamConfig {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly num_replicas: number;
  readonly max_age: number;
  readonly persist_mode?: string;
  readonly [setting: string]: unknown;
}

export interface StreamInfo {
  readonly config: StreamConfig;
  readonly state: {
    readonly first_seq: number;
    readonly last_seq: number;
    readonly bytes: number;
    readonly messages: number;
  };
  readonly cluster?: {
    readonly leader?: string;
    readonly replicas?: readonly {
      readonly name: string;
      readonly current: boolean;
      readonly offline?: boolean;
      /** Messages behind the leader. */
      readonly lag?: number;
    }[];
  };
  /** The wall clock of the server that answers, as a text. */
  readonly ts?: string;
}

/** A stored message, from the leader of its stream. */
export interface LeaderMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly timeMs: number;
  /** The id of the append; empty if it had none. */
  readonly id: string;
  readonly data: Uint8Array;
}

/** The server's refusal of an API call. */
export class ApiRefusalError extends Error {
  readonly code: number;

  constructor(code: number, description: string) {
    super(description);
    this.name = "ApiRefusalError";
    this.code = code;
  }
}

/** The requests of the JetStream API that the engine makes, each repeated while the servers elect a leader. */
export class JetStreamApi {
  readonly connection: ServerConnection;

  constructor(connection: ServerConnection) {
    this.connection = connection;
  }

  async createStream(config: StreamConfig): Promise<void> {
    await this.#call(`STREAM.CREATE.${config.name}`, config);
  }

  async updateStream(config: StreamConfig): Promise<void> {
    await this.#call(`STREAM.UPDATE.${config.name}`, config);
  }

  /** Undefined: there is no such stream. */
  async streamInfo(name: string): Promise<StreamInfo | undefined> {
    return await orUndefined(this.#call<StreamInfo>(`STREAM.INFO.${name}`, {}), apiErrorCodes.streamNotFound);
  }

  async deleteStream(name: string): Promise<void> {
    await orUndefined(this.#call(`STREAM.DELETE.${name}`, {}), apiErrorCodes.streamNotFound);
  }

  /** Removes the messages under a subject, which may have wildcards; only those before a sequence if there is one. */
  async purge(name: string, subject: string, beforeSequence?: number): Promise<void> {
    const body = { filter: subject, ...(beforeSequence === undefined ? {} : { seq: beforeSequence }) };
    await orUndefined(this.#call(`STREAM.PURGE.${name}`, body), apiErrorCodes.streamNotFound);
  }

  /** The names of the streams that store a subject. */
  async streamNames(subject: string): Promise<readonly string[]> {
    const names: string[] = [];
    for (;;) {
      const page = await this.#call<{ readonly streams: readonly string[] | null; readonly total: number }>(
        "STREAM.NAMES",
        { subject, offset: names.length },
      );
      names.push(...(page.streams ?? []));
      if (names.length >= page.total || (page.streams ?? []).length === 0) return names;
    }
  }

  /** The last message under a subject as the stream's leader has it. Undefined: none. Rejects with `not_found`. */
  async lastMessage(stream: string, subject: string): Promise<LeaderMessage | undefined> {
    return await this.#message(stream, { last_by_subj: subject });
  }

  /** The message with a sequence, as the stream's leader has it. Undefined: it has none. Rejects with `not_found`. */
  async messageAt(stream: string, sequence: number): Promise<LeaderMessage | undefined> {
    return await this.#message(stream, { seq: sequence });
  }

  async #message(stream: string, which: object): Promise<LeaderMessage | undefined> {
    const answer = await orUndefined(
      this.#call<{ readonly message: MessageJson }>(`STREAM.MSG.GET.${stream}`, which),
      apiErrorCodes.noMessageFound,
    );
    if (answer === undefined) return undefined;
    const { subject, seq, time, hdrs = "", data = "" } = answer.message;
    const id = /^Nats-Msg-Id: *(.*?)\r?$/im.exec(Buffer.from(hdrs, "base64").toString())?.[1] ?? "";
    return { subject, sequence: seq, timeMs: Date.parse(time), id, data: Buffer.from(data, "base64") };
  }

  /** Rejects with `ApiRefusalError`, or with `unavailable` when no server answers in time. */
  async #call<Answer>(call: string, body: object): Promise<Answer> {
    const giveUpAt = performance.now() + answerMsMax;
    for (;;) {
      const answer = await this.#ask<Answer>(call, body);
      if (answer !== undefined) return answer;
      if (this.connection.isClosed) throw new EngineError("closed", "The jetstream engine is closed.");
      if (performance.now() > giveUpAt) {
        throw new EngineError(
          "unavailable",
          "The NATS servers did not answer within 12 seconds: there is no leader, or the gateway is cut off from them.",
        );
      }
      await new Promise((resolve) => setTimeout(resolve, retryPauseMs));
    }
  }

  /** Undefined: no answer, or one that says to try again. */
  async #ask<Answer>(call: string, body: object): Promise<Answer | undefined> {
    const subject = `$JS.API.${call}`;
    const reply = await this.connection.request(subject, JSON.stringify(body), { timeoutMs: attemptMs });
    const json = typeof reply === "string" ? undefined : jsonOf<{ readonly error?: ApiFault }>(reply);
    if (json === undefined) return undefined;
    const { error } = json;
    if (error === undefined) return json as Answer;
    if (error.code === 503) return undefined;
    throw new ApiRefusalError(error.err_code ?? 0, error.description ?? `code ${error.code}`);
  }
}

interface MessageJson {
  readonly subject: string;
  readonly seq: number;
  readonly time: string;
  /** Base64, as lines. */
  readonly hdrs?: string;
  /** Base64; absent for no bytes. */
  readonly data?: string;
}

async function orUndefined<Answer>(answer: Promise<Answer>, code: number): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiRefusalError && error.code === code) return undefined;
    if (error instanceof ApiRefusalError && error.code === apiErrorCodes.streamNotFound) {
      throw new EngineError(
        "not_found",
        "The log group or the bucket of documents does not exist on the NATS servers.",
      );
    }
    throw error;
  }
}
