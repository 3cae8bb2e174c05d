import { parseUntrustedJson } from "../../model/parse-untrusted-json.ts";
import type { DevClock } from "../../time/dev-clock.ts";
import type { WireRequest, WireResponse } from "../http/http-message.ts";
import type { FaultInjector } from "./fault-injector.ts";
import { readFaultRules } from "./fault-rule.ts";

/** Several times the size of a hundred rules with the longest names. */
const devBodyBytesMax = 256 * 1024;

/** 2000-01-01 and 2100-01-01, between which all times fit the fields of records and tokens. */
const clockMsMin = 946_684_800_000;
const clockMsMax = 4_102_444_800_000;

/** What the endpoints of `--dev` control. */
export interface DevTools {
  readonly clock: DevClock;
  readonly faults: FaultInjector;
}

const clockPath = "/dev/clock";
const faultsPath = "/dev/faults";

export function isDevPath(path: string): boolean {
  return path === clockPath || path === faultsPath;
}

/** Handles the paths below `/dev/`, which ask for no signature: the port's rules have decided about the caller. */
export function devResponse(request: WireRequest, path: string, tools: DevTools): WireResponse {
  if (path === clockPath) return clockResponse(request, tools.clock);
  if (path === faultsPath) return faultsResponse(request, tools.faults);
  return json(404, { problem: `There is no ${path}; the endpoints of --dev are ${clockPath} and ${faultsPath}.` });
}

function clockResponse(request: WireRequest, clock: DevClock): WireResponse {
  if (request.method === "POST") {
    const move = readMove(request.body, clock.nowMs());
    if ("problem" in move) return json(400, move);
    clock.moveBy(move.byMs);
  } else if (!isReading(request)) return notAllowed("GET, HEAD, POST");
  return json(200, { nowMs: clock.nowMs() });
}

function faultsResponse(request: WireRequest, faults: FaultInjector): WireResponse {
  if (request.method === "PUT") {
    const body = readJson(request.body);
    const read = "problem" in body ? body : readFaultRules(body.value);
    if ("problem" in read) return json(400, read);
    faults.replace(read.rules);
  } else if (request.method === "DELETE") faults.replace([]);
  else if (!isReading(request)) return notAllowed("GET, HEAD, PUT, DELETE");
  return json(200, faults.rules);
}

interface Problem {
  readonly problem: string;
}

function readMove(bytes: Buffer, nowMs: number): { readonly byMs: number } | Problem {
  const body = readJson(bytes);
  if ("problem" in body) return body;
  const members = Object.entries(body.value ?? {});
  const [name, value] = members.length === 1 ? (members[0] ?? []) : [];
  if (name !== "advanceMs" && name !== "nowMs") {
    return { problem: 'The body must be {"advanceMs": …} or {"nowMs": …}, and nothing else.' };
  }
  if (typeof value !== "number" || !Number.isSafeInteger(value)) {
    return { problem: `"${name}" must be a whole number of milliseconds.` };
  }
  const byMs = name === "nowMs" ? value - nowMs : value;
  const targetMs = nowMs + byMs;
  if (targetMs < clockMsMin || targetMs > clockMsMax) {
    return {
      problem: `The clock can be moved to times from ${clockMsMin} (the year 2000) to ${clockMsMax} (the year 2100) only.`,
    };
  }
  return { byMs };
}

function readJson(bytes: Buffer): { readonly value: unknown } | Problem {
  if (bytes.length > devBodyBytesMax) return { problem: `The body may have at most ${devBodyBytesMax} bytes.` };
  try {
    return { value: parseUntrustedJson(bytes.toString("utf8")) };
  } catch {
    return { problem: "The body is not valid JSON." };
  }
}

function isReading({ method }: WireRequest): boolean {
  return method === "GET" || method === "HEAD";
}

function notAllowed(methods: string): WireResponse {
  const response = json(405, { problem: `Method not allowed: this path supports ${methods}.` });
  return { ...response, headers: { ...response.headers, Allow: methods } };
}

function json(status: number, value: unknown): WireResponse {
  const headers = { "Content-Type": "application/json", "Cache-Control": "no-store" };
  return { status, headers, body: `${JSON.stringify(value)}\n` };
}
