/**
 * Compares model/operations.json with the newest botocore that scripts/get-client-tools.mjs has installed, and prints what
 * the model lacks or has otherwise. It never fails: what the service has added is news, and no fault of a change.
 *
 *   node scripts/compare-model.ts
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { type Fact, type Facts, type OperationFact, readFacts } from "./generate-model.ts";

interface Shape {
  readonly type: string;
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly required?: readonly string[];
  readonly members?: Readonly<Record<string, { readonly shape: string }>>;
  readonly member?: { readonly shape: string };
  readonly key?: { readonly shape: string };
  readonly value?: { readonly shape: string };
  readonly eventstream?: boolean;
}

/** A service model of botocore, as far as it is compared. */
export interface ServiceModel {
  readonly shapes: Readonly<Record<string, Shape>>;
  readonly operations: Readonly<
    Record<
      string,
      {
        readonly input?: { readonly shape: string };
        readonly output?: { readonly shape: string };
        readonly errors?: readonly { readonly shape: string }[];
        readonly staticContextParams?: Readonly<Record<string, { readonly value: unknown }>>;
      }
    >
  >;
}

/**
 * Differences that are meant, by their beginnings. Bounds of outputs are not kept here, since outputs are not validated;
 * patterns and orders were seen on the service; docs/compatibility.md has the reasons.
 */
const meant: readonly RegExp[] = [
  /^CreateStream\.ShardCount: max /,
  /\.(ExplicitHashKey|NewStartingHashKey|SequenceNumber|SequenceNumberForOrdering|StartingSequenceNumber): pattern /,
];

/** What the model lacks or has otherwise than botocore, a line each, sorted. */
export function differencesFrom(botocore: ServiceModel, facts: Facts): readonly string[] {
  const found: string[] = [];
  for (const [name, operation] of Object.entries(botocore.operations)) {
    const ours = facts.operations[name];
    if (ours === undefined) {
      found.push(`${name}: the operation is missing`);
      continue;
    }
    compareOperation(name, { operation, ours, botocore, facts, found });
  }
  for (const name of Object.keys(facts.operations)) {
    if (!(name in botocore.operations)) found.push(`${name}: botocore does not have it`);
  }
  return found.filter((line) => !meant.some((pattern) => pattern.test(line))).sort();
}

interface Comparison {
  readonly botocore: ServiceModel;
  readonly facts: Facts;
  readonly found: string[];
}

function compareOperation(
  name: string,
  {
    operation,
    ours,
    ...rest
  }: Comparison & { readonly operation: ServiceModel["operations"][string]; readonly ours: OperationFact },
): void {
  const { found } = rest;
  const plane = operation.staticContextParams?.["OperationType"]?.value;
  if (plane !== undefined && plane !== ours.plane) found.push(`${name}: plane ${String(plane)}, ours ${ours.plane}`);
  const errors = (operation.errors ?? []).map(({ shape }) => shape);
  compareTexts(`${name}: error`, errors, ours.errors, found);
  const seen = new Set<string>();
  compareMembers(name, { theirs: operation.input?.shape, ours: ours.input, isInput: true, seen }, rest);
  compareMembers(name, { theirs: operation.output?.shape, ours: ours.output ?? {}, isInput: false, seen }, rest);
}

interface MembersPair {
  readonly theirs: string | undefined;
  readonly ours: Readonly<Record<string, string>>;
  readonly isInput: boolean;
  /** Structures on the way down, because some contain themselves. */
  readonly seen: ReadonlySet<string>;
}

function compareMembers(place: string, { theirs, ours, isInput, seen }: MembersPair, comparison: Comparison): void {
  const { botocore, found } = comparison;
  const { members = {}, required = [] } = theirs === undefined ? ({ type: "" } as Shape) : shapeOf(botocore, theirs);
  for (const [name, { shape }] of Object.entries(members)) {
    const isRequired = required.includes(name);
    const reference = ours[`${name}!`] ?? ours[name];
    if (reference === undefined) {
      found.push(`${place}.${name}: the member is missing`);
      continue;
    }
    if (isInput && isRequired !== `${name}!` in ours) {
      found.push(`${place}.${name}: ${isRequired ? "required" : "optional"} in botocore`);
    }
    compareShapes(`${place}.${name}`, { theirs: shape, ours: reference, isInput, seen }, comparison);
  }
  for (const name of Object.keys(ours).map((key) => key.replace("!", ""))) {
    if (!(name in members)) found.push(`${place}.${name}: botocore does not have it`);
  }
}

function compareShapes(
  place: string,
  pair: Omit<MembersPair, "ours"> & { readonly theirs: string; readonly ours: string },
  comparison: Comparison,
): void {
  const { botocore, facts, found } = comparison;
  const { theirs, ours, isInput, seen } = pair;
  const shape = shapeOf(botocore, theirs);
  const fact: Fact = facts.shapes[ours] ?? { type: builtInType(ours) };
  // A stream of events is a list of them here.
  if (shape.eventstream === true || seen.has(theirs)) return;
  if (fact.type !== shape.type) found.push(`${place}: type ${shape.type}, ours ${fact.type}`);
  if (isInput) compareBounds(place, shape, fact, found);
  const below = { isInput, seen: new Set([...seen, theirs]) };
  for (const [their, own, suffix] of [
    [shape.member, fact.item, "[]"],
    [shape.key, fact.key, "[key]"],
    [shape.value, fact.value, "[value]"],
  ] as const) {
    if (their === undefined || own === undefined) continue;
    compareShapes(`${place}${suffix}`, { ...below, theirs: their.shape, ours: own }, comparison);
  }
  if (shape.members !== undefined && fact.members !== undefined) {
    compareMembers(place, { ...below, theirs, ours: fact.members }, comparison);
  }
}

function compareBounds(place: string, shape: Shape, fact: Fact, found: string[]): void {
  // A length from 0 is no bound.
  for (const [bound, none] of [
    ["min", 0],
    ["max", "none"],
    ["pattern", "none"],
  ] as const) {
    const [theirs = none, ours = none] = [shape[bound], fact[bound]];
    if (theirs !== ours) found.push(`${place}: ${bound} ${theirs}, ours ${ours}`);
  }
  compareTexts(`${place}: value`, shape.enum ?? [], fact.enum ?? [], found);
}

function compareTexts(what: string, theirs: readonly string[], ours: readonly string[], found: string[]): void {
  for (const text of theirs) if (!ours.includes(text)) found.push(`${what} ${text} is missing`);
  for (const text of ours) if (!theirs.includes(text)) found.push(`${what} ${text} is not botocore's`);
}

function builtInType(name: string): string {
  return name === "WholeSecondTimestamp" ? "timestamp" : name.toLowerCase();
}

function shapeOf(botocore: ServiceModel, name: string): Shape {
  const shape = botocore.shapes[name];
  if (shape === undefined) throw new Error(`botocore's model refers to ${name}, which it does not have`);
  return shape;
}

function main(): void {
  const packages = join(import.meta.dirname, "../.cache/client-tools/lib/python3*/site-packages");
  const [file] = globSync(join(packages, "botocore/data/kinesis/2013-12-02/service-2.json*"));
  if (file === undefined) {
    process.stdout.write("botocore is not installed: run node scripts/get-client-tools.mjs first\n");
    return;
  }
  const bytes = readFileSync(file);
  const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
  const [info = ""] = globSync(join(packages, "botocore-*.dist-info"));
  const version = /botocore-([\d.]+)\.dist-info/.exec(info)?.[1] ?? "of an unknown version";
  const differences = differencesFrom(JSON.parse(text) as ServiceModel, readFacts());
  if (differences.length === 0) process.stdout.write(`The model has all that botocore ${version} has.\n`);
  else
    process.stdout.write(
      `The model differs from botocore ${version}:\n${differences.map((line) => `  ${line}\n`).join("")}`,
    );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
