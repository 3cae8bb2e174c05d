import assert from "node:assert/strict";
import { setImmediate as nextTick } from "node:timers/promises";
import { type OpenedServices, openServices } from "../../src/app/open-services.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { KeyProvider } from "../../src/keys/key-provider.ts";
import { LocalKeyProvider } from "../../src/keys/local-key-provider.ts";
import type { RateLimits } from "../../src/limits/rate-limits.ts";
import { createRequestHandler } from "../../src/server/pipeline/handle-request.ts";
import type { Clock } from "../../src/time/clock.ts";
import { bytesOf, textOf } from "./encoded-body.ts";

export const account = "123456789012";
export const region = "eu-west-1";

/** What a client receives: the members of the output, or the type and message of the error. */
export type CallResult<Output> =
  | { readonly ok: true; readonly output: Output }
  | { readonly ok: false; readonly type: string; readonly message: string };

export interface TestServerOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly transitionDelayMs?: number;
  /** Outlives restarts. Default: a keyring in memory. */
  readonly keyProvider?: KeyProvider;
  /** Rates and quotas; none without. */
  readonly limits?: RateLimits;
  /** Default: false. */
  readonly splitsHotShards?: boolean;
}

type WholeOptions = TestServerOptions & { readonly keyProvider: KeyProvider };

/** Ticks of the event loop; more than any work of these tests takes. */
const ticksMax = 200_000;

/** The server without its sockets: the whole pipeline from the request's bytes to the engine, called as a function. */
export class TestServer {
  #options: WholeOptions;
  readonly #never = new AbortController().signal;
  #open: OpenedServices;
  #handle: ReturnType<typeof createRequestHandler>;

  private constructor(options: WholeOptions, services: OpenedServices) {
    this.#options = options;
    this.#open = services;
    this.#handle = handlerOf(services);
  }

  static async open(options: TestServerOptions): Promise<TestServer> {
    const keyProvider = new LocalKeyProvider({ nowMs: () => options.clock.nowMs() });
    const whole = { keyProvider, ...options };
    return new TestServer(whole, await openWith(whole));
  }

  get services(): OpenedServices["services"] {
    return this.#open.services;
  }

  async call<Output>(operation: string, input: object): Promise<CallResult<Output>> {
    const response = await this.#send(operation, input);
    const { body } = response;
    assert(typeof body === "string" || !(Symbol.asyncIterator in body), "a response that is not streamed");
    const text = textOf(body);
    const members: unknown = text === "" ? {} : JSON.parse(text);
    if (response.status === 200) return { ok: true, output: members as Output };
    const { __type: type, message = "" } = members as { readonly __type: string; readonly message?: string };
    return { ok: false, type, message };
  }

  /** As `call`; fails the test if the server returns an error. */
  async expectOk<Output>(operation: string, input: object): Promise<Output> {
    const answer = await this.call<Output>(operation, input);
    if (!answer.ok) assert.fail(`${operation} ${JSON.stringify(input)}: ${answer.type}: ${answer.message}`);
    return answer.output;
  }

  /** Reads a streamed response until it contains `wanted`, then ends it as a client that disconnects does. */
  async firstBytes(operation: string, input: object, wanted: string): Promise<void> {
    const { body } = await this.#send(operation, input);
    assert(typeof body !== "string" && Symbol.asyncIterator in body, "a streamed response");
    let text = "";
    for await (const bytes of body) {
      text += bytesOf(bytes).toString("latin1");
      if (text.includes(wanted)) return;
    }
    assert.fail(`the stream ended without ${wanted}`);
  }

  /** Waits until no work is due. */
  async untilIdle(): Promise<void> {
    for (let tick = 0; tick < ticksMax; tick++) {
      await nextTick();
      if (await this.isIdle()) return;
    }
    assert.fail("background work does not come to an end");
  }

  /** Whether no work is due by the clock, the removal of deleted streams included. */
  async isIdle(): Promise<boolean> {
    const nowMs = this.#options.clock.nowMs();
    for (const { stream } of this.#open.services.registry.all()) {
      if (stream.intent !== undefined && stream.intent.dueMs <= nowMs) return false;
      const due = [...(stream.consumers ?? []), ...(stream.queues ?? [])];
      if (due.some(({ dueMs }) => dueMs !== undefined && dueMs <= nowMs)) return false;
    }
    return (await this.#open.services.deletedStreams.pendingDrops()).length === 0;
  }

  /** Opens the services again, on the same engine or on the one that `reopen` returns, as a restart of the process does. */
  async restart(reopen?: () => Promise<Engine>): Promise<void> {
    await this.#open.close();
    if (reopen !== undefined) this.#options = { ...this.#options, engine: await reopen() };
    this.#open = await openWith(this.#options);
    this.#handle = handlerOf(this.#open);
  }

  async close(): Promise<void> {
    await this.#open.close();
  }

  #send(operation: string, input: object): ReturnType<ReturnType<typeof createRequestHandler>> {
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

function openWith({ transitionDelayMs = 0, ...options }: WholeOptions): Promise<OpenedServices> {
  return openServices({ transitionDelayMs, ...options });
}

function handlerOf({ services }: OpenedServices): ReturnType<typeof createRequestHandler> {
  return createRequestHandler({ services, callerDefaults: { account, region, allowAnonymous: true } });
}
