import { type ClientRequest, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { text } from "node:stream/consumers";
import type { TLSSocket } from "node:tls";
import type { Environment } from "../../config/config-sources.ts";
import { type ConnectionOptions, tlsOptions } from "./connection.ts";

export interface EndpointResponse {
  readonly status: number;
  readonly body: string;
  /** The `Date` header, in milliseconds since the epoch; the resolution is a second. */
  readonly dateMs: number | undefined;
  /** Until when the certificate of the server is valid, over TLS. */
  readonly certificateEndMs: number | undefined;
}

const timeoutMs = 10_000;

/** A GET without the SDK, for paths that are not of the API. */
export async function fetchEndpoint(
  url: string,
  options: Pick<ConnectionOptions, "caBundle" | "verifyTls">,
  environment: Environment,
): Promise<EndpointResponse> {
  const tls = tlsOptions(options, environment);
  return new Promise((resolve, reject) => {
    const request: ClientRequest = url.startsWith("https:")
      ? httpsRequest(url, { ...tls, timeout: timeoutMs })
      : httpRequest(url, { timeout: timeoutMs });
    request.on("error", reject);
    request.on("timeout", () => request.destroy(Object.assign(new Error("no answer in 10 s"), { code: "ETIMEDOUT" })));
    request.on("response", (response) => {
      const { valid_to: validTo } = (response.socket as Partial<TLSSocket>).getPeerCertificate?.() ?? {};
      const dateMs = Date.parse(response.headers.date ?? "");
      text(response).then((body) => {
        resolve({
          status: response.statusCode ?? 0,
          body,
          dateMs: Number.isNaN(dateMs) ? undefined : dateMs,
          certificateEndMs: validTo === undefined ? undefined : Date.parse(validTo),
        });
      }, reject);
    });
    request.end();
  });
}
