import type { LimitsSource } from "../config/config.ts";
import { StartError } from "../config/start-error.ts";
import { isJsonObject } from "../model/json-object.ts";
import { requestTimesKeptMax } from "./daily-limits.ts";
import { awsLimits, type LimitsTable } from "./limits-table.ts";

/** A complete table, or all problems of the file, one sentence each. */
export type ParsedLimits =
  | { readonly table: LimitsTable; readonly problems?: never }
  | { readonly problems: readonly string[]; readonly table?: never };

/** The largest limit, and the number for "no limit": clients read some limits as 32-bit integers. */
export const limitMax = 2_147_483_647;

/**
 * Parses a limits file: one JSON object with members of `LimitsTable`; absent ones are Amazon's. A number replaces Amazon's
 * limit, null removes it. `callsPerSecond` and the limits by region are objects of such values, or null.
 */
export function parseLimitsFile(json: unknown): ParsedLimits {
  if (!isJsonObject(json))
    return { problems: ['must hold one JSON object, such as {"shardWriteRecordsPerSecond": 10000}'] };
  const problems: string[] = [];
  const changes: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(json)) {
    if (!isLimit(name)) problems.push(unknown(name));
    else if (name === "callsPerSecond") changes[name] = readGroup(name, value, isLimitedOperation, problems);
    else if (isByRegion(name)) changes[name] = readGroup(name, value, isRegion, problems);
    else changes[name] = readNumber(name, value, problems);
  }
  return problems.length === 0 ? { table: { ...awsLimits, ...changes } } : { problems };
}

/** All problems of a limits file; empty for a valid one. */
export function validateLimitsFile(json: unknown): readonly string[] {
  return parseLimitsFile(json).problems ?? [];
}

/** The table for the configured choice; undefined for no limits. Throws `StartError` with one line for each problem. */
export function limitsTableOf(choice: LimitsSource | undefined): LimitsTable | undefined {
  if (choice === undefined) return undefined;
  if (choice === "aws") return awsLimits;
  const { table, problems } = parseLimitsFile(choice.json);
  if (problems !== undefined) throw new StartError(problems.map((problem) => `${choice.path}: ${problem}`).join("\n"));
  return table;
}

type RegionGroupName = "shardCountMaxByRegion" | "onDemandShardCountMaxByRegion";
type GroupName = "callsPerSecond" | RegionGroupName;

/** The groups without any limit. */
const unlimited: Pick<LimitsTable, GroupName> = {
  callsPerSecond: {},
  shardCountMaxByRegion: { other: limitMax },
  onDemandShardCountMaxByRegion: { other: limitMax },
};

/** Adds to `problems` what is wrong. */
function readGroup(
  group: GroupName,
  value: unknown,
  isMember: (name: string) => boolean,
  problems: string[],
): Readonly<Record<string, number>> {
  if (value === null) return unlimited[group];
  const members: Record<string, number> = { ...awsLimits[group] };
  if (!isJsonObject(value)) {
    problems.push(`${JSON.stringify(group)} must be an object of numbers, or null for no limit`);
    return members;
  }
  for (const [name, number] of Object.entries(value)) {
    const path = `${group}.${name}`;
    if (!isMember(name)) problems.push(unknown(path));
    else members[name] = readNumber(path, number, problems);
  }
  return members;
}

function readNumber(name: string, value: unknown, problems: string[]): number {
  if (value === null) return limitMax;
  const max = name.endsWith("PerDay") ? requestTimesKeptMax : limitMax;
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= max) return value;
  problems.push(`${JSON.stringify(name)} must be a whole number from 1 to ${max}, or null for no limit`);
  return limitMax;
}

function unknown(name: string): string {
  return `${JSON.stringify(name)} is not the name of a limit`;
}

function isLimit(name: string): name is keyof LimitsTable {
  return Object.hasOwn(awsLimits, name);
}

function isByRegion(name: string): name is RegionGroupName {
  return name.endsWith("ByRegion");
}

function isLimitedOperation(name: string): boolean {
  return Object.hasOwn(awsLimits.callsPerSecond, name);
}

function isRegion(name: string): boolean {
  return /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name);
}
