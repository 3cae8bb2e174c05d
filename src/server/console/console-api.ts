import type { EngineHealth } from "../../engine/engine.ts";
import type { StreamRevision } from "../../registry/stream-revision.ts";
import type { WireRequest, WireResponse } from "../http/http-message.ts";
import type { ConsoleServices } from "./console-services.ts";
import { storedNews } from "./stored-news.ts";
import { newestMsOf, shardTimes, streamReport, trafficReport } from "./stream-reports.ts";

/** The page calls the Kinesis API under this path, on the admin port too. */
export const kinesisPath = "/console/kinesis";

/** `GET /health` as the page shows it, of an engine that was asked. */
type HealthOf = (asked: EngineHealth) => Promise<object>;

interface ApiRequest {
  readonly query: URLSearchParams;
  readonly request: WireRequest;
  readonly services: ConsoleServices;
  readonly health: HealthOf;
}

type Endpoint = (request: ApiRequest) => WireResponse | Promise<WireResponse>;

/** What the Kinesis API lacks, by path. All of it is read-only, has no record in it, and asks for no signature, as /metrics. */
const endpoints: Readonly<Record<string, Endpoint>> = {
  "/console/api/server": serverResponse,
  "/console/api/streams": ({ query, services }) => json(200, { streams: inRegion(query, services).map(streamReport) }),
  "/console/api/rates": ratesResponse,
  "/console/api/queues": queuesResponse,
  "/console/api/channels": channelsResponse,
  "/console/api/shards": (request) => ofStream(request, (revision) => json(200, { shards: shardTimes(revision) })),
  "/console/api/traffic": (request) =>
    ofStream(request, ({ stream: { id } }) => {
      const { counts, history } = request.services;
      return json(200, trafficReport(counts.streams.get(id), history.rates.get(id)));
    }),
  "/console/api/history": (request) => ofStream(request, (revision) => historyResponse(request, revision)),
  "/console/api/news": (request) => ofStream(request, (revision) => newsResponse(request, revision)),
};

export function isConsoleApiPath(path: string): boolean {
  return path.startsWith("/console/api/");
}

export async function consoleApiResponse(
  request: WireRequest,
  path: string,
  services: ConsoleServices,
  health: HealthOf,
): Promise<WireResponse> {
  if (request.method !== "GET") return json(405, { problem: "This path supports GET." });
  const endpoint = Object.hasOwn(endpoints, path) ? endpoints[path] : undefined;
  if (endpoint === undefined) return json(404, { problem: "The console has no such endpoint." });
  const query = new URLSearchParams(request.url.slice(path.length + 1));
  return await endpoint({ query, request, services, health });
}

/** The operations that change nothing. */
const reading = /^Kinesis_20131202\.(?:Describe|Get|List|Subscribe)/;

/** The refusal of an operation that the mode of the console does not allow; undefined where it does. */
export function refusedByMode(
  headers: WireRequest["headers"],
  { mode }: Pick<ConsoleServices, "mode">,
): WireResponse | undefined {
  if (mode === "on" || reading.test(String(headers["x-amz-target"] ?? ""))) return undefined;
  const message = "This console is read-only. To change streams with it, start the server with --console on.";
  return json(403, { __type: "AccessDeniedException", message }, "application/x-amz-json-1.1");
}

async function serverResponse({ services, health }: ApiRequest): Promise<WireResponse> {
  const { mode, version, startedMs, clock, engine, settings, verifiesSignatures, account, region } = services;
  const asked = await engine.health();
  const { figures, space } = asked;
  const { heapUsed, rss } = process.memoryUsage();
  return json(200, {
    ...{ mode, version, startedMs, nowMs: clock.nowMs(), verifiesSignatures, account, region, settings, figures },
    node: process.version,
    memory: { rss, heapUsed },
    health: await health(asked),
    isOutOfSpace: space?.isUsedUp ?? false,
  });
}

function ratesResponse({ query, services }: ApiRequest): WireResponse {
  const { counts, history } = services;
  const rates: Record<string, object> = {};
  for (const { stream } of inRegion(query, services)) {
    const traffic = counts.streams.get(stream.id);
    if (traffic === undefined) continue;
    rates[stream.name] = { ...history.rates.get(stream.id)?.stream, newestMs: newestMsOf(traffic) };
  }
  return json(200, { rates });
}

/** The figures of each queue by its id. */
function queuesResponse({ query, services }: ApiRequest): WireResponse {
  const ids = inRegion(query, services).flatMap(({ stream }) => (stream.queues ?? []).map(({ id }) => id));
  const queues = Object.fromEntries(ids.map((id) => [id, services.queueFigures(id)]));
  return json(200, { queues });
}

/** The figures of each channel that delivers, by its id, with the reason if nothing arrives at present. */
function channelsResponse({ query, services }: ApiRequest): WireResponse {
  const ids = inRegion(query, services).flatMap(({ stream }) => (stream.channels ?? []).map(({ id }) => id));
  const channels: Record<string, object> = {};
  for (const id of ids) {
    const figures = services.channelFigures(id);
    if (figures !== undefined) channels[id] = { ...figures, failure: services.channelFailure(id) };
  }
  return json(200, { channels });
}

function historyResponse({ query, services: { history } }: ApiRequest, { stream }: StreamRevision): WireResponse {
  const shard = query.get("shard");
  const steps = shard === null ? history.ofStream(stream.id) : history.ofShard(stream.id, Number(shard));
  return json(200, { steps: steps ?? null });
}

function newsResponse({ request, services: { counts, clock } }: ApiRequest, revision: StreamRevision): WireResponse {
  const headers = { "Content-Type": "application/x-ndjson", "Cache-Control": "no-store" };
  return { status: 200, headers, body: storedNews(counts, revision, { clock, signal: request.signal }) };
}

function inRegion(query: URLSearchParams, { registry, account, region }: ConsoleServices): readonly StreamRevision[] {
  return [...registry.inRegion(query.get("account") ?? account, query.get("region") ?? region)];
}

function ofStream({ query, services }: ApiRequest, respond: (revision: StreamRevision) => WireResponse): WireResponse {
  const { registry, account, region } = services;
  const name = query.get("stream") ?? "";
  const revision = registry.find(query.get("account") ?? account, query.get("region") ?? region, name);
  return revision === undefined ? json(404, { problem: "There is no such stream." }) : respond(revision);
}

function json(status: number, value: object, contentType = "application/json"): WireResponse {
  const headers = {
    "Content-Type": contentType,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
  };
  return { status, headers, body: JSON.stringify(value) };
}
