import { randomBytes } from "node:crypto";
import { Agent, request } from "node:http";
import { CIPHERTEXT_OFFSET, SessionCipher } from "../cipher/session-cipher.ts";
import { EngineError, type EngineErrorKind } from "../engine/engine-error.ts";
import type { Gateway, GatewayRegistry } from "./gateway-registry.ts";
import { ReplayWindow } from "./replay-window.ts";

/*
 * A call is the body of a POST to one path on the port of the API:
 *
 *   bytes of the caller's id 1 | id | encrypted: bytes of the name 1 | name | payload
 *
 * and its answer the body of the response, encrypted: 0 | payload, or 1 | JSON of an EngineError. Both are encrypted under
 * keys derived from the secret of the cluster and bound to caller and receiver, an answer also to its call. So only gateways
 * can make and read either, and a call that is sent once more is refused.
 */
const purpose = "millrace gateway call";
/** Session id and number of the call, which are clear. */
const sessionBytes = 16;
const answerBytesMax = 64 * 1024 * 1024;
const withPayload = 0;
const withError = 1;

/** Carries out the calls of one name. `signal` aborts when the caller is gone. An EngineError reaches the caller as one. */
export type CallHandler = (payload: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>;

export interface GatewayCall {
  readonly name: string;
  readonly payload: Uint8Array;
  /** An abort ends the call here and there. */
  readonly signal: AbortSignal;
}

export interface GatewayCallsOptions {
  readonly registry: GatewayRegistry;
  /** 32 bytes that all gateways know and nothing else does. */
  readonly secret: Uint8Array;
  /** URL path of the requests that carry calls, the same on all gateways. */
  readonly path: string;
}

/** Passes calls on to other gateways, and carries out those that others pass on. */
export class GatewayCalls {
  readonly #registry: GatewayRegistry;
  readonly #cipher: SessionCipher;
  readonly #path: string;
  readonly #handlers = new Map<string, CallHandler>();
  /** Numbers of calls by caller. */
  readonly #windows = new Map<string, ReplayWindow>();
  /** Calls on their way, by what ends each. */
  readonly #pending = new Map<AbortController, string>();
  readonly #agent = new Agent({ keepAlive: true });

  constructor({ registry, secret, path }: GatewayCallsOptions) {
    this.#registry = registry;
    this.#path = path;
    this.#cipher = new SessionCipher({ rootKey: secret, session: randomBytes(sessionBytes), purpose });
    registry.onChange(() => this.#forgetGone());
  }

  /** Says what carries out the calls of a name. */
  handle(name: string, handler: CallHandler): void {
    this.#handlers.set(name, handler);
  }

  /**
   * Calls a gateway and resolves with its answer. Rejects with the EngineError of its handler, with `unavailable` when it was
   * not reached, and with `indeterminate` when it was lost on the way, so that the call may have been carried out.
   */
  async call(gateway: Gateway, { name, payload, signal }: GatewayCall): Promise<Uint8Array> {
    const target = this.#registry.find(gateway.id);
    if (target?.address === undefined) {
      throw new EngineError("unavailable", `The gateway ${gateway.id} does not run any more. Nothing was done.`);
    }
    const from = Buffer.from(this.#registry.id);
    const text = Buffer.from(name);
    const clear = Buffer.concat([Buffer.of(text.length), text, payload]);
    const sealed = this.#cipher.encrypt(clear, callBinding(this.#registry.id, target.id));
    const gone = new AbortController();
    this.#pending.set(gone, target.id);
    try {
      const body = Buffer.concat([Buffer.of(from.length), from, sealed]);
      const answer = await this.#post(target.address, body, AbortSignal.any([signal, gone.signal]));
      const opened = this.#cipher.decrypt(answer, answerBinding(target.id, this.#registry.id, sealed));
      if (opened === undefined) throw refused(target);
      return payloadOf(opened);
    } finally {
      this.#pending.delete(gone);
    }
  }

  /** The answer to the body of a call; undefined for anything else than the first arrival of a call to this gateway. */
  async answer(body: Uint8Array, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
    const idEnd = 1 + (bytes[0] ?? 0);
    const from = bytes.toString("utf8", 1, idEnd);
    const sealed = bytes.subarray(idEnd);
    const clear = this.#cipher.decrypt(sealed, callBinding(from, this.#registry.id));
    if (clear === undefined || this.#registry.find(from) === undefined) return undefined;
    if (!this.#windowOf(from).take(Number(sealed.readBigUInt64BE(sessionBytes)))) return undefined;
    // The body's memory belongs to the connection again once this returns.
    const binding = answerBinding(this.#registry.id, from, sealed);
    const nameEnd = 1 + (clear[0] ?? 0);
    const handler = this.#handlers.get(clear.toString("utf8", 1, nameEnd));
    return this.#cipher.encrypt(await answerOf(handler, clear.subarray(nameEnd), signal), binding);
  }

  close(): void {
    this.#agent.destroy();
  }

  async #post(address: string, body: Uint8Array, signal: AbortSignal): Promise<Buffer> {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const headers = { "Content-Type": "application/octet-stream", "Content-Length": body.length };
    const call = request(new URL(this.#path, address), { method: "POST", agent: this.#agent, headers, signal });
    let isSent = false;
    const markSent = (): void => {
      isSent = true;
    };
    call.once("socket", (socket) => {
      if (socket.connecting) socket.once("connect", markSent);
      else markSent();
    });
    call.once("response", async (response) => {
      try {
        const chunks: Buffer[] = [];
        let length = 0;
        for await (const chunk of response as AsyncIterable<Buffer>) {
          length += chunk.length;
          if (length > answerBytesMax) throw new Error(`its answer has more than ${answerBytesMax} bytes`);
          chunks.push(chunk);
        }
        if (response.statusCode === 200) resolve(Buffer.concat(chunks));
        else reject(new EngineError("unavailable", `The gateway at ${address} refused a call. Nothing was done.`));
      } catch (error) {
        reject(lost(address, error));
      }
    });
    call.once("error", (error) => reject(isSent ? lost(address, error) : unreachable(address, error)));
    call.end(body);
    return await promise;
  }

  #windowOf(from: string): ReplayWindow {
    const window = this.#windows.get(from) ?? new ReplayWindow();
    this.#windows.set(from, window);
    return window;
  }

  /** Calls to gateways that are gone get no answer; those of gateways that are gone are refused. */
  #forgetGone(): void {
    for (const from of this.#windows.keys()) if (this.#registry.find(from) === undefined) this.#windows.delete(from);
    for (const [gone, id] of this.#pending) if (this.#registry.find(id) === undefined) gone.abort();
  }
}

async function answerOf(handler: CallHandler | undefined, payload: Uint8Array, signal: AbortSignal): Promise<Buffer> {
  try {
    if (handler === undefined) {
      throw new EngineError(
        "unavailable",
        "This gateway does not know the call: it has another version. Nothing was done.",
      );
    }
    return Buffer.concat([Buffer.of(withPayload), await handler(payload, signal)]);
  } catch (error) {
    const { kind, message } =
      error instanceof EngineError ? error : new EngineError("indeterminate", `The gateway failed: ${String(error)}`);
    return Buffer.concat([Buffer.of(withError), Buffer.from(JSON.stringify({ kind, message }))]);
  }
}

function payloadOf(opened: Buffer): Uint8Array {
  if (opened[0] === withPayload) return opened.subarray(1);
  const error = JSON.parse(opened.toString("utf8", 1)) as { readonly kind: EngineErrorKind; readonly message: string };
  throw new EngineError(error.kind, error.message);
}

function callBinding(from: string, to: string): Buffer {
  return Buffer.from(`call ${from} ${to}`);
}

/** Session and number name the call. */
function answerBinding(from: string, to: string, call: Buffer): Buffer {
  return Buffer.from(`answer ${from} ${to} ${call.toString("hex", 0, CIPHERTEXT_OFFSET)}`);
}

function refused({ address }: Gateway): EngineError {
  return new EngineError(
    "indeterminate",
    `The gateway at ${address} answered with what is no answer of a gateway of this cluster: another program may have its address.`,
  );
}

function unreachable(address: string, cause: unknown): EngineError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new EngineError(
    "unavailable",
    `The gateway at ${address} cannot be reached: ${why}. Nothing was done. Its --advertise must be an address that the other gateways can reach.`,
    { cause },
  );
}

function lost(address: string, cause: unknown): EngineError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new EngineError(
    "indeterminate",
    `The connection to the gateway at ${address} was lost: ${why}. It is not known whether the call was carried out.`,
    { cause },
  );
}
