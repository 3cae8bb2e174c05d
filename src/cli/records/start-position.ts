import { CommandError } from "../output/command-error.ts";

/** Where reading begins: the positions of the service, with a time in milliseconds since the epoch. */
export type StartPosition =
  | { readonly kind: "now" }
  | { readonly kind: "oldest" }
  | { readonly kind: "time"; readonly ms: number }
  | { readonly kind: "sequence"; readonly sequenceNumber: string };

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** A number without a unit; those of the service have 56 digits. */
const sequenceNumber = /^\d{1,129}$/;

export const startForms = "now, oldest, an age such as 5m, a time such as 2026-11-30T14:00:00Z, or a sequence number";

/** `now`, `oldest`, an age, a time or a sequence number. */
export function parseStart(text: string, option: string, nowMs: number): StartPosition {
  if (text === "now" || text === "latest") return { kind: "now" };
  if (text === "oldest" || text === "trim-horizon") return { kind: "oldest" };
  if (sequenceNumber.test(text)) return { kind: "sequence", sequenceNumber: text };
  return { kind: "time", ms: parseTime(text, option, nowMs, startForms) };
}

/** An age (`5m`: five minutes ago) or an ISO 8601 time, in milliseconds since the epoch. */
export function parseTime(text: string, option: string, nowMs: number, forms = "an age such as 5m, or a time"): number {
  if (text === "now") return nowMs;
  const ageMs = parseDuration(text);
  if (ageMs !== undefined) return nowMs - ageMs;
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw new CommandError(`${option} ${text}: must be ${forms}`);
  return ms;
}

/** Milliseconds of `500ms`, `30s`, `5m`, `2h`, `7d`. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit = ""] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text) ?? [];
  return digits === undefined ? undefined : Math.round(Number(digits) * (unitMs[unit] ?? 0));
}
