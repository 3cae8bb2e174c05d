import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { buffer } from "node:stream/consumers";

export interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
}

const httpAgent = new HttpAgent({ keepAlive: true });
const httpsAgent = new HttpsAgent({ keepAlive: true });
const answerMsMax = 30_000;

/** One request exactly as given, and its whole answer. Nothing is signed, retried or read into it. */
export async function send(
  endpoint: URL,
  { method = "POST", path = "/", headers = {}, body = "" }: Sent,
): Promise<Received> {
  const isTls = endpoint.protocol === "https:";
  const start = isTls ? httpsRequest : httpRequest;
  const { promise, resolve, reject } = Promise.withResolvers<Received>();
  const request = start(
    new URL(path, endpoint),
    {
      method,
      headers: { ...headers, "Content-Length": Buffer.byteLength(body) },
      agent: isTls ? httpsAgent : httpAgent,
      signal: AbortSignal.timeout(answerMsMax),
    },
    (response) => {
      buffer(response).then(
        (bytes) =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, text: bytes.toString("utf8") }),
        reject,
      );
    },
  );
  request.on("error", reject);
  request.end(body);
  return promise;
}
