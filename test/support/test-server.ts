import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type OpenServices, openServices } from "../../src/app/services.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { KeyProvider } from "../../src/keys/key-provider.ts";
import { LocalKeyProvider } from "../../src/keys/local-key-provider.ts";
import type { RateLimits } from "../../src/limits/rate-limits.ts";
import { requestHandler } from "../../src/server/pipeline/handle-request.ts";
import type { Clock } from "../../src/time/clock.ts";

export const account = "123456789012";
export const region = "eu-west-1";

/** What a client is told: the members of the answer, or the type and text of the error. */
export type Answer<Output> =
  | { readonly ok: true; readonly output: Output }
  | { readonly ok: false; readonly type: string; readonly message: string };

export interface HouseUnderTestOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly transitionDelayMs?: number;
  /** Outlives restarts. Default: a keyring in memory. */
  readonly keyProvider?: KeyProvider;
  /** Rates and quotas; none without. */
  readonly limits?: RateLimits;
}

type WholeOptions = HouseUnderTestOptions & { readonly keyProvider: KeyProvider };

/** More turns of the event loop than any work of these tests takes. */
const turnsMax = 200_000;

/** The server without its sockets: the whole pipeline from the request's bytes to the engine, called as a function. */
export class HouseUnderTest {
  #options: WholeOptions;
  readonly #never = new AbortController().signal;
  #house: OpenServices;
  #handle: ReturnType<typeof requestHandler>;

  private constructor(options: WholeOptions, house: OpenServices) {
    this.#options = options;
    this.#house = house;
    this.#handle = handlerOf(house);
  }

  static async open(options: HouseUnderTestOptions): Promise<HouseUnderTest> {
    const keyProvider = new LocalKeyProvider({ nowMs: () => options.clock.nowMs() });
    const whole = { keyProvider, ...options };
    return new HouseUnderTest(whole, await openWith(whole));
  }

  get rooms(): OpenServices["services"] {
    return this.#house.services;
  }

  async call<Output>(operation: string, input: object): Promise<Answer<Output>> {
    const response = await this.#send(operation, input);
    const { body } = response;
    assert(typeof body === "string" || body instanceof Uint8Array, "an answer that is not streamed");
    const text = typeof body === "string" ? body : Buffer.from(body).toString();
    const members: unknown = text === "" ? {} : JSON.parse(text);
    if (response.status === 200) return { ok: true, output: members as Output };
    const { __type: type, message = "" } = members as { readonly __type: string; readonly message?: string };
    return { ok: false, type, message };
  }

  /** As `call`, for what must succeed. */
  async must<Output>(operation: string, input: object): Promise<Output> {
    const answer = await this.call<Output>(operation, input);
    if (!answer.ok) assert.fail(`${operation} ${JSON.stringify(input)}: ${answer.type}: ${answer.message}`);
    return answer.output;
  }

  /** A streamed answer, read until it has said `wanted`; then the client is gone. */
  async firstBytes(operation: string, input: object, wanted: string): Promise<void> {
    const { body } = await this.#send(operation, input);
    assert(typeof body !== "string" && !(body instanceof Uint8Array), "an answer that is streamed");
    let text = "";
    for await (const bytes of body) {
      text += Buffer.from(bytes).toString("latin1");
      if (text.includes(wanted)) return;
    }
    assert.fail(`the stream ended without ${wanted}`);
  }

  async quiet(): Promise<void> {
    for (let turn = 0; turn < turnsMax; turn++) {
      await nextTurn();
      if (await this.isQuiet()) return;
    }
    assert.fail("upkeep does not come to an end");
  }

  /** Whether no work that is due by the clock is left, the freeing of deleted streams included. */
  async isQuiet(): Promise<boolean> {
    const nowMs = this.#options.clock.nowMs();
    for (const { stream } of this.#house.services.registry.all()) {
      if (stream.intent !== undefined && stream.intent.dueMs <= nowMs) return false;
      if (stream.consumers?.some(({ dueMs }) => dueMs !== undefined && dueMs <= nowMs)) return false;
    }
    return (await this.#house.services.deletedStreams.pendingDrops()).length === 0;
  }

  /** The house is built anew on the same engine, or on the one that `reopen` gives, as after a restart of the process. */
  async restart(reopen?: () => Promise<Engine>): Promise<void> {
    await this.#house.close();
    if (reopen !== undefined) this.#options = { ...this.#options, engine: await reopen() };
    this.#house = await openWith(this.#options);
    this.#handle = handlerOf(this.#house);
  }

  async close(): Promise<void> {
    await this.#house.close();
  }

  #send(operation: string, input: object): ReturnType<ReturnType<typeof requestHandler>> {
    return this.#handle({
      method: "POST",
      url: "/",
      headers: {
        "x-amz-target": `Kinesis_20131202.${operation}`,
        "content-type": "application/x-amz-json-1.1",
        host: "localhost",
      },
      body: Buffer.from(JSON.stringify(input)),
      signal: this.#never,
    });
  }
}

function openWith({ engine, clock, transitionDelayMs = 0, keyProvider, limits }: WholeOptions): Promise<OpenServices> {
  return openServices({ engine, clock, transitionDelayMs, keyProvider, limits });
}

function handlerOf(house: OpenServices): ReturnType<typeof requestHandler> {
  return requestHandler({ services: house.services, callerDefaults: { account, region, allowAnonymous: true } });
}
