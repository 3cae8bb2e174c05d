import { Time } from "./cbor-forms.ts";

/** The value as JSON 1.1 has it. */
export function jsonOf(value: unknown): string {
  return JSON.stringify(jsonFormOf(value));
}

function jsonFormOf(value: unknown): unknown {
  if (value instanceof Time) return value.ms / 1000;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map((item: unknown) => jsonFormOf(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, jsonFormOf(entry)]));
}
