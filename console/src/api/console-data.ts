import { signal } from "@preact/signals";
import { session } from "./session.ts";

/** What the server tells of itself. */
export interface ServerReport {
  readonly mode: "read-only" | "on";
  readonly version: string;
  readonly startedMs: number;
  readonly nowMs: number;
  readonly verifiesSignatures: boolean;
  readonly account: string;
  readonly region: string;
  readonly settings: readonly {
    readonly name: string;
    readonly value?: string;
    readonly isSet: boolean;
    readonly help: string;
  }[];
  readonly figures: Readonly<Record<string, number>>;
  readonly node: string;
  readonly memory: { readonly rss: number; readonly heapUsed: number };
  readonly health: {
    readonly status: "ready" | "draining" | "unavailable";
    readonly engine: string;
    readonly durable: boolean;
    readonly degraded: readonly string[];
  };
  readonly isOutOfSpace: boolean;
}

export interface StreamReport {
  readonly name: string;
  readonly status: "CREATING" | "ACTIVE" | "UPDATING" | "DELETING";
  readonly isOnDemand: boolean;
  readonly openShards: number;
  readonly closedShards: number;
  readonly retentionHours: number;
  readonly isEncrypted: boolean;
  readonly consumers: number;
}

/** Per second, but ages and durations in milliseconds; null: nothing was measured. */
export interface Rates {
  readonly incomingRecords: number;
  readonly incomingBytes: number;
  readonly outgoingRecords: number;
  readonly outgoingBytes: number;
  readonly throttledWrites: number;
  readonly throttledReads: number;
  readonly iteratorAgeMs: number;
  readonly putMs: number | null;
  readonly readMs: number | null;
}

export interface StreamRates extends Partial<Rates> {
  readonly newestMs: number | null;
}

/** Counts since the server's start, and what is in the queue now. */
export interface QueueFigures {
  readonly receivedCount: number;
  readonly acknowledgedCount: number;
  /** Absent on a cluster, where positions do not tell how many records lie between them. */
  readonly visibleCount?: number;
  readonly inFlightCount: number;
  readonly visibleDeadLetterCount: number;
  readonly inFlightDeadLetterCount: number;
}

/** Counts since the server's start. */
export interface ChannelFigures {
  readonly recordCount: number;
  readonly failedCount: number;
  readonly expiredCount: number;
  /** Attempts that are made again. */
  readonly failureCount: number;
  /** Age of the oldest record that is not delivered; 0 when all are, absent where another gateway delivers. */
  readonly freshnessSeconds?: number;
  /** Why nothing is delivered at present; absent while it is. */
  readonly failure?: { readonly sentence: string; readonly sinceMs: number };
}

export interface TrafficReport {
  readonly stream: Rates | null;
  readonly shards: Readonly<Record<string, Rates>>;
  readonly consumers: Readonly<Record<string, { readonly millisBehindLatest: number; readonly shards: number }>>;
  readonly newestMs: number | null;
}

export type History = Readonly<Record<keyof Rates, readonly (number | null)[]>> & { readonly endMs: number };

/** The newest report of the server; undefined until the first. */
export const server = signal<ServerReport | undefined>(undefined);
/** Why the server does not answer, as a sentence. */
export const serverFault = signal<string | undefined>(undefined);

/** The server's clock minus this browser's, in ms: a server with --dev may be at another time. */
let clockAheadMs = 0;

export function serverNowMs(): number {
  return Date.now() + clockAheadMs;
}

export async function loadServer(): Promise<void> {
  try {
    const report = await get<ServerReport>("server", {});
    clockAheadMs = report.nowMs - Date.now();
    server.value = report;
    serverFault.value = undefined;
  } catch (error) {
    serverFault.value = `The server does not respond: ${error instanceof Error ? error.message : String(error)}`;
  }
}

export function account(): string {
  return session.value.account ?? server.value?.account ?? "";
}

export function region(): string {
  return session.value.region ?? server.value?.region ?? "";
}

/** Whom the page calls as, for `usePolled`: what is shown to one caller is asked again for another. */
export function callerKey(): string {
  return `${account()}/${region()}/${session.value.key?.accessKeyId ?? ""}`;
}

/** Whether the page may offer what changes a stream. */
export function isReadOnly(): boolean {
  return server.value?.mode !== "on";
}

export async function streamReports(): Promise<readonly StreamReport[]> {
  const { streams } = await get<{ streams: readonly StreamReport[] }>("streams", {});
  return streams.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

export async function streamRates(): Promise<Readonly<Record<string, StreamRates>>> {
  return (await get<{ rates: Readonly<Record<string, StreamRates>> }>("rates", {})).rates;
}

/** By the id at the end of a queue's ARN; only queues of which this server has handed out records since its start. */
export async function queueFigures(): Promise<Readonly<Record<string, QueueFigures>>> {
  return (await get<{ queues: Readonly<Record<string, QueueFigures>> }>("queues", {})).queues;
}

/** By channel id; only channels that deliver. */
export async function channelFigures(): Promise<Readonly<Record<string, ChannelFigures>>> {
  return (await get<{ channels: Readonly<Record<string, ChannelFigures>> }>("channels", {})).channels;
}

/** By shard index: when it was made, in seconds, and closed, in ms or null. */
export async function shardTimes(stream: string): Promise<readonly (readonly [number, number, number | null])[]> {
  return (await get<{ shards: readonly (readonly [number, number, number | null])[] }>("shards", { stream })).shards;
}

export function trafficOf(stream: string): Promise<TrafficReport> {
  return get<TrafficReport>("traffic", { stream });
}

export async function historyOf(stream: string, shardIndex?: number): Promise<History | null> {
  const shard = shardIndex === undefined ? {} : { shard: String(shardIndex) };
  return (await get<{ steps: History | null }>("history", { stream, ...shard })).steps;
}

/** The indexes of shards that have stored records, as it happens. Ends when the signal aborts or the connection does. */
export async function* storedNews(stream: string, signal: AbortSignal): AsyncGenerator<readonly number[]> {
  const response = await fetch(urlOf("news", { stream }), { signal });
  if (!response.ok || response.body === null) throw new Error(`HTTP ${response.status}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (text + value).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line) as readonly number[];
  }
}

function urlOf(name: string, query: Readonly<Record<string, string>>): string {
  const known = server.value === undefined ? {} : { account: account(), region: region() };
  return `api/${name}?${new URLSearchParams({ ...known, ...query })}`;
}

async function get<Body>(name: string, query: Readonly<Record<string, string>>): Promise<Body> {
  const response = await fetch(urlOf(name, query));
  const text = await response.text();
  if (!response.ok) throw new Error(problemIn(text) ?? `HTTP ${response.status}`);
  return JSON.parse(text) as Body;
}

function problemIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { readonly problem?: string }).problem;
  } catch {
    return undefined;
  }
}
