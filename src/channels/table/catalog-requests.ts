import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import type { SignatureV4 } from "@smithy/signature-v4";
import { DestinationError } from "../batch/destination.ts";
import { sdkCredentials } from "../places/sdk-credentials.ts";
import type { TableAccess } from "../places/table-access.ts";
import { parseLossless, stringifyLossless } from "./lossless-json.ts";

const responseMsMax = 30_000;
/** Where AWS's catalog is signed for. */
const signingName = "s3tables";
/** A token is renewed when so much of its life is left. */
const renewMs = 60_000;
const tokenLifeSecondsDefault = 300;
/** Metadata of a table with thousands of snapshots. */
const bodyBytesMax = 64 * 1024 * 1024;

export interface CatalogResponse {
  readonly status: number;
  readonly body: unknown;
}

export interface CatalogRequest {
  readonly method: "GET" | "POST" | "HEAD";
  /** Behind the address of the catalog, with `/v1`. */
  readonly path: string;
  readonly body?: unknown;
  readonly signal: AbortSignal;
  /** Whether the body of a success is looked at; default: true. */
  readonly wantsBody?: boolean;
}

/** Requests to one Iceberg REST catalog, with what it wants to see. One for each version of its access. */
export class CatalogConnection {
  readonly #access: TableAccess;
  #signer: Promise<SignatureV4> | undefined;
  #token: { readonly value: string; readonly untilMs: number } | undefined;

  constructor(access: TableAccess) {
    this.#access = access;
  }

  /** Resolves with whatever the catalog responds. Rejects with `DestinationError` where it does not. */
  async send({ method, path, body, signal, wantsBody = true }: CatalogRequest): Promise<CatalogResponse> {
    const url = this.#url(path);
    const text = body === undefined ? undefined : stringifyLossless(body);
    const headers = await this.#headers(method, url, text, signal);
    const request = { method, headers, ...(text === undefined ? {} : { body: text }) };
    const response = await exchange(url, request, signal, wantsBody);
    // A token may end before its time: the next attempt gets another one.
    if (expiredStatuses.has(response.status)) this.#token = undefined;
    return response;
  }

  #url(path: string): URL {
    return new URL(this.#access.catalog.replace(/\/$/, "") + path);
  }

  async #headers(
    method: string,
    url: URL,
    text: string | undefined,
    signal: AbortSignal,
  ): Promise<Record<string, string>> {
    const { auth } = this.#access;
    const plain = { accept: "application/json", ...(text === undefined ? {} : { "content-type": "application/json" }) };
    switch (auth.kind) {
      case "none":
        return plain;
      case "token":
        return { ...plain, authorization: `Bearer ${auth.token}` };
      case "oauth":
        return { ...plain, authorization: `Bearer ${await this.#oauthToken(auth, signal)}` };
      case "sigv4":
        return await this.#signed(method, url, plain, text);
    }
  }

  async #signed(
    method: string,
    url: URL,
    plain: Record<string, string>,
    text: string | undefined,
  ): Promise<Record<string, string>> {
    this.#signer ??= newSigner(this.#access);
    const signer = await this.#signer;
    const query: Record<string, string> = Object.fromEntries(url.searchParams);
    const signed = await signer
      .sign({
        ...{ method, protocol: url.protocol, hostname: url.hostname, path: url.pathname, query },
        headers: { ...plain, host: url.host },
        body: text ?? "",
      })
      .catch((error: unknown) => {
        throw new DestinationError(`The credentials of the catalog cannot be had (${describe(error)}).`);
      });
    const { host: _own, ...headers } = signed.headers;
    return headers;
  }

  /** The token that the catalog gives for id and secret: REST catalog spec, `/v1/oauth/tokens`. */
  async #oauthToken(
    { clientId, clientSecret }: { readonly clientId: string; readonly clientSecret: string },
    signal: AbortSignal,
  ): Promise<string> {
    if (this.#token !== undefined && performance.now() < this.#token.untilMs) return this.#token.value;
    const url = this.#url("/v1/oauth/tokens");
    const form = {
      grant_type: "client_credentials",
      client_id: clientId,
      client_secret: clientSecret,
      scope: "catalog",
    };
    const headers = { accept: "application/json", "content-type": "application/x-www-form-urlencoded" };
    const request = { method: "POST", headers, body: new URLSearchParams(form).toString() };
    const { status, body } = await exchange(url, request, signal);
    const { access_token: value, expires_in: seconds = tokenLifeSecondsDefault } = Object(body) as {
      readonly access_token?: unknown;
      readonly expires_in?: number;
    };
    if (status !== 200 || typeof value !== "string") throw catalogError("gives no token", { status, body });
    this.#token = { value, untilMs: performance.now() + seconds * 1000 - renewMs };
    return value;
  }
}

/** What the catalog says of a request that it does not carry out. `what`: the end of "The catalog …". */
export function catalogError(what: string, { status, body }: CatalogResponse): DestinationError {
  const { message, type } = Object(Object(body).error) as { readonly message?: unknown; readonly type?: unknown };
  const words = [String(status), ...(typeof type === "string" ? [type] : [])].join(" ");
  const reason = typeof message === "string" ? `${words}: ${message.slice(0, 200)}` : words;
  return new DestinationError(`The catalog ${what} (${reason}).`);
}

/** Unauthorized, and the REST protocol's own for an authentication that has timed out. */
const expiredStatuses: ReadonlySet<number> = new Set([401, 419]);

async function exchange(
  url: URL,
  request: { readonly method: string; readonly headers: Record<string, string>; readonly body?: string },
  signal: AbortSignal,
  wantsBody = true,
): Promise<CatalogResponse> {
  try {
    const timeout = AbortSignal.timeout(responseMsMax);
    const response = await fetch(url, { ...request, redirect: "error", signal: AbortSignal.any([signal, timeout]) });
    const text = await readText(response);
    return { status: response.status, body: wantsBody || !response.ok ? parseBody(text) : undefined };
  } catch (error) {
    throw new DestinationError(`The catalog cannot be reached (${describe(error)}).`, { cause: error });
  }
}

/** Reads no more than may be in memory, whatever the catalog sends. */
async function readText({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let byteCount = 0;
  let text = "";
  for await (const part of body ?? []) {
    byteCount += part.length;
    if (byteCount > bodyBytesMax) throw new Error(`its response is longer than ${bodyBytesMax} bytes`);
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}

/** Undefined for what is not JSON: the status says enough. */
function parseBody(text: string): unknown {
  try {
    return parseLossless(text);
  } catch {
    return undefined;
  }
}

async function newSigner(access: TableAccess): Promise<SignatureV4> {
  const { region } = access;
  const { SignatureV4 } = await import("@smithy/signature-v4");
  const { S3Client } = await import("@aws-sdk/client-s3");
  // The client looks for credentials as every AWS SDK does.
  const own = await sdkCredentials(access);
  const { credentials } = new S3Client({ region, ...(own === undefined ? {} : { credentials: own }) }).config;
  return new SignatureV4({ credentials, region, service: signingName, sha256: Sha256 });
}

/** SHA-256, or HMAC with it where there is a secret, as the signer calls it. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new Error("each signature has a hash of its own");
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === "string") return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // The reason of a failed fetch is its cause.
  const { cause } = error;
  return cause instanceof Error ? cause.message || cause.name : error.message;
}
