/** Parsers of settings: text → value, or undefined if it is not valid; the caller words the problem. */
import { isIP } from "node:net";
import type { StreamAtStart } from "./config.ts";
import { budgetBytesMin, shardCountAtStartMax, transitionDelayMsMax } from "./process-limits.ts";

export function parseNonEmpty(text: string): string | undefined {
  return text === "" ? undefined : text;
}

export function parseChoice<Choice extends string>(...choices: readonly Choice[]) {
  return (text: string): Choice | undefined => choices.find((choice) => choice === text);
}

export function parseSwitch(text: string): boolean | undefined {
  if (text === "true" || text === "1") return true;
  return text === "false" || text === "0" ? false : undefined;
}

export function parsePort(text: string): number | undefined {
  return wholeNumber(text, 65_535);
}

/** A port that is the same at each start. */
export function parseFixedPort(text: string): number | undefined {
  const port = parsePort(text);
  return port === 0 ? undefined : port;
}

const bytesPerUnit: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** A size in bytes, with or without unit. `2G` is refused, because it may mean either 2 GB or 2 GiB. */
export function parseBudgetBytes(text: string): number | undefined {
  const [, digits, unit = ""] = /^(\d{1,15}(?:\.\d{1,6})?) ?([a-zA-Z]*)$/.exec(text) ?? [];
  const unitBytes = Object.hasOwn(bytesPerUnit, unit) ? bytesPerUnit[unit] : undefined;
  if (digits === undefined || unitBytes === undefined) return undefined;
  const bytes = Math.round(Number(digits) * unitBytes);
  return Number.isSafeInteger(bytes) && bytes >= budgetBytesMin ? bytes : undefined;
}

/** Milliseconds, also from `500ms`, `2s`, `1m`. */
export function parseTransitionDelay(text: string): number | undefined {
  const match = /^(\d+) ?(ms|s|m)?$/.exec(text);
  if (match === null) return undefined;
  const ms = Number(match[1]) * (match[2] === "m" ? 60_000 : match[2] === "s" ? 1_000 : 1);
  return ms <= transitionDelayMsMax ? ms : undefined;
}

/** An address, or a name that could resolve to one. */
export function parseHost(text: string): string | undefined {
  const bare = /^\[(.+)\]$/.exec(text)?.[1] ?? text;
  if (isIP(bare) !== 0) return bare;
  const isName = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\.?$/i.test(text);
  // 300.1.1.1 would pass for a name.
  return isName && !/^[\d.]+$/.test(text) ? text.toLowerCase() : undefined;
}

export function parseAccount(text: string): string | undefined {
  return /^\d{12}$/.test(text) ? text : undefined;
}

export function parseRegion(text: string): string | undefined {
  return /^(?=.{1,40}$)[a-z0-9]+(-[a-z0-9]+)*$/.test(text) ? text : undefined;
}

/** An origin as browsers send it: scheme, host and port. */
export function parseOrigin(text: string): string | undefined {
  if (text === "*") return text;
  const origin = URL.parse(text)?.origin;
  return origin !== undefined && origin !== "null" && (text === origin || text === `${origin}/`) ? origin : undefined;
}

export function parseHttpUrl(text: string): string | undefined {
  const url = URL.parse(text);
  return url?.protocol === "http:" || url?.protocol === "https:" ? text : undefined;
}

/** `http://HOST:PORT` without a path. */
export function parseHttpOrigin(text: string): string | undefined {
  const origin = URL.parse(text)?.origin;
  return origin?.startsWith("http:") === true && (text === origin || text === `${origin}/`) ? origin : undefined;
}

/** The address of a NATS server, with user and password, or a token, if it asks for them. */
export function parseNatsUrl(text: string): string | undefined {
  const url = URL.parse(text);
  return (url?.protocol === "nats:" || url?.protocol === "tls:") && url.hostname !== "" ? text : undefined;
}

/** The name's pattern is that of `StreamName` in the API reference of CreateStream. */
export function parseStreamAtStart(text: string): StreamAtStart | undefined {
  const [, name, digits, regionText] = /^([a-zA-Z0-9_.-]{1,128}):(\d+)(?::(.*))?$/.exec(text) ?? [];
  if (name === undefined || digits === undefined) return undefined;
  const shardCount = wholeNumber(digits, shardCountAtStartMax);
  if (shardCount === undefined || shardCount === 0) return undefined;
  if (regionText === undefined) return { name, shardCount };
  const region = parseRegion(regionText);
  return region === undefined ? undefined : { name, shardCount, region };
}

export function isLoopback(host: string): boolean {
  if (host === "localhost" || host.endsWith(".localhost")) return true;
  if (isIP(host) === 4) return host.startsWith("127.");
  return isIP(host) === 6 && URL.parse(`http://[${host}]`)?.hostname === "[::1]";
}

function wholeNumber(text: string, max: number): number | undefined {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : undefined;
  return value !== undefined && value <= max ? value : undefined;
}
