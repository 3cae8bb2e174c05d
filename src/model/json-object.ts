/** An object of parsed JSON, whose members may be anything. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Arrays are none, and null is none. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
