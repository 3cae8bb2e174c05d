import { account, region, serverNowMs } from "./console-data.ts";
import { type Session, session } from "./session.ts";
import { claimedHeaders, signedHeaders } from "./sign.ts";

/** An error of the API, with the type and the sentence of the service. */
export class KinesisError extends Error {
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.name = "KinesisError";
    this.type = type;
  }
}

/** What an error says to a person: its type where it has one, and its sentence. */
export function sentenceOf(error: unknown): string {
  if (error instanceof KinesisError) return error.message === "" ? error.type : `${error.type}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

/** Calls an operation of the Kinesis API as the session's caller. Errors: KinesisError, and those of `fetch`. */
export function kinesis<Output>(operation: string, input: object, signal?: AbortSignal): Promise<Output> {
  return kinesisAs<Output>(session.value, { operation, input, signal });
}

/** The same as another caller, whose key is tried. */
export async function kinesisAs<Output>(
  caller: Session,
  {
    operation,
    input,
    signal,
  }: { readonly operation: string; readonly input: object; readonly signal?: AbortSignal | undefined },
): Promise<Output> {
  const url = new URL("kinesis", location.href);
  url.hash = "";
  const body = JSON.stringify(input);
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": `Kinesis_20131202.${operation}` };
  const authorized = await authorize({ url, headers, body }, caller);
  const response = await fetch(url, { method: "POST", headers: authorized, body, ...(signal && { signal }) });
  const text = await response.text();
  if (!response.ok) throw errorIn(text, response.status);
  return (text === "" ? {} : JSON.parse(text)) as Output;
}

async function authorize(
  request: Parameters<typeof signedHeaders>[0],
  caller: Session,
): Promise<Readonly<Record<string, string>>> {
  const { key } = caller;
  const scope = { account: account(), region: caller.region ?? region() };
  if (key === undefined) return { ...request.headers, ...claimedHeaders({ ...scope, nowMs: serverNowMs() }) };
  if (globalThis.crypto?.subtle === undefined) {
    throw new Error(
      "This browser signs requests only on localhost or over https. Open the console under such an address.",
    );
  }
  // A server with --dev verifies by the clock that is not moved.
  return await signedHeaders(request, key, { region: scope.region, nowMs: Date.now() });
}

function errorIn(text: string, status: number): Error {
  try {
    const { __type: type = `HTTP ${status}`, message = "" } = JSON.parse(text) as { __type?: string; message?: string };
    return new KinesisError(type.replace(/^.*#/, ""), message);
  } catch {
    return new Error(`HTTP ${status}: ${text.slice(0, 300)}`);
  }
}
