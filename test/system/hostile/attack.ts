import type { Credential } from "../../../src/auth/credential.ts";
import { signRequest } from "../../support/signed-request.ts";

/** The server that is attacked, as an attacker knows it. */
export interface Target {
  readonly port: number;
  /** Holds one shard, filled as `Attack.filledBytes` says. */
  readonly streamName: string;
  /** Credential of an attacker; one without credentials uses its access key id alone. */
  readonly credential: Credential;
}

/** One way of asking too much of a server. */
export interface Attack {
  /** What is feared, in a few words. */
  readonly name: string;
  /** Bytes of records that the stream holds before the attack begins; default: none. */
  readonly filledBytes?: number;
  /** Policies of the attacker's credential; default: it may do everything in its account. */
  readonly policies?: readonly object[];
  /** Requests that each cost the server too much by themselves. */
  readonly requests?: (target: Target) => readonly Buffer[];
  /** Goes on until the signal; resolves with what the server did wrong, as sentences. */
  run(target: Target, signal: AbortSignal): Promise<readonly string[]>;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export const attackerOf = (account: string): Credential => ({
  accessKeyId: "ATTACKER",
  secretAccessKey: "attacker-secret",
  account,
  user: "attacker",
});

export function signed(
  { credential }: Target,
  operation: string,
  input: object | string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): HttpRequest {
  const body = typeof input === "string" || Buffer.isBuffer(input) ? input : JSON.stringify(input);
  const target = `Kinesis_20131202.${operation}`;
  return signRequest(credential, body, { target, host: "127.0.0.1", nowMs: Date.now(), headers });
}

/** A request as HTTP/1.1 sends it; `content-length` may promise more than the body holds. */
export function bytesOf({ method, url, headers, body }: HttpRequest, contentLength = body.length): Buffer {
  let head = `${method} ${url} HTTP/1.1\r\ncontent-length: ${contentLength}\r\n`;
  for (const [name, value] of Object.entries(headers)) head += `${name}: ${value}\r\n`;
  return Buffer.concat([Buffer.from(`${head}\r\n`, "latin1"), body]);
}
