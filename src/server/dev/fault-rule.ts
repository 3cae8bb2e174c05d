import { type FaultType, faultTypes } from "../../model/injected-fault.ts";
import { isJsonObject } from "../../model/json-object.ts";
import { type OperationName, operationNames } from "../../model/shapes.generated.ts";

const faultRulesMax = 100;
const delayMsMax = 300_000;
const timesMax = 1_000_000_000;

/** The two error codes of single records of PutRecords (API reference, PutRecordsResultEntry). */
export const faultTypesOfRecords = [
  "ProvisionedThroughputExceededException",
  "InternalFailure",
] as const satisfies readonly FaultType[];

export type RecordFaultType = (typeof faultTypesOfRecords)[number];

/** Which calls are delayed or fail: an element of the body of `PUT /dev/faults`. */
export interface FaultRule {
  readonly operation: OperationName;
  /** Absent: the call is only delayed. */
  readonly error?: FaultType;
  /** `service`: the message of the service, as if the error had its usual cause. Absent: a message that names the rule. */
  readonly message?: "service";
  /** How many more calls it fires for; absent: all. */
  readonly times?: number;
  /** Share of the matching calls, from 0 to 1; absent: 1. */
  readonly share?: number;
  /** Fires only for calls that name this stream, by name, ARN or iterator. */
  readonly stream?: string;
  readonly delayMs?: number;
  /** PutRecords only: the share of a call's records that fail, while the others are stored. Absent: the call fails. */
  readonly records?: number;
}

/** The rules of a parsed body, or one sentence about its first problem. */
export function readFaultRules(body: unknown): { readonly rules: readonly FaultRule[] } | { readonly problem: string } {
  if (!Array.isArray(body)) return { problem: "The body must be a JSON array of rules." };
  if (body.length > faultRulesMax)
    return { problem: `There may be at most ${faultRulesMax} rules, not ${body.length}.` };
  for (const [index, rule] of body.entries()) {
    const problem = problemOf(rule);
    if (problem !== undefined) return { problem: `Rule ${index + 1}: ${problem}.` };
  }
  return { rules: body };
}

/** The valid values of each member. */
const members: Readonly<
  Record<keyof FaultRule, { readonly accepts: (value: unknown) => boolean; readonly as: string }>
> = {
  operation: { accepts: isOneOf(operationNames), as: "the name of an operation, such as PutRecords" },
  error: { accepts: isOneOf(faultTypes), as: `one of ${faultTypes.join(", ")}` },
  times: { accepts: isWhole(1, timesMax), as: `a whole number from 1 to ${timesMax}` },
  share: { accepts: isShare, as: "a number from 0 to 1" },
  stream: { accepts: isStreamName, as: "the name of a stream" },
  delayMs: { accepts: isWhole(0, delayMsMax), as: `a whole number of milliseconds from 0 to ${delayMsMax}` },
  records: { accepts: isShare, as: "a number from 0 to 1" },
  message: { accepts: isOneOf(["service"]), as: '"service"' },
};

function problemOf(rule: unknown): string | undefined {
  if (!isJsonObject(rule)) return "it must be a JSON object";
  for (const [name, value] of Object.entries(rule)) {
    if (!isMember(name)) return `it has no member ${JSON.stringify(name)}, only ${Object.keys(members).join(", ")}`;
    if (!members[name].accepts(value)) return `"${name}" must be ${members[name].as}`;
  }
  const { operation, error, message, delayMs, records } = rule;
  if (operation === undefined) return `"operation" is missing`;
  if (error === undefined && delayMs === undefined) return `it needs "error", "delayMs" or both`;
  if (message !== undefined && error === undefined) return `"message" is for rules with an "error"`;
  if (records === undefined) return undefined;
  if (message !== undefined)
    return `"message" is not for rules with "records", whose errors have the service's message`;
  if (operation !== "PutRecords") return `"records" is for PutRecords only`;
  if (!isOneOf(faultTypesOfRecords)(error))
    return `with "records", "error" must be one of ${faultTypesOfRecords.join(", ")}`;
  return undefined;
}

function isMember(name: string): name is keyof FaultRule {
  return Object.hasOwn(members, name);
}

function isOneOf(choices: readonly string[]) {
  return (value: unknown): boolean => typeof value === "string" && choices.includes(value);
}

function isWhole(min: number, max: number) {
  return (value: unknown): boolean =>
    typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
}

function isShare(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value <= 1;
}

/** API reference, CreateStream: StreamName. */
function isStreamName(value: unknown): boolean {
  return typeof value === "string" && /^[a-zA-Z0-9_.-]{1,128}$/.test(value);
}
