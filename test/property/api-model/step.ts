import type { SeededRandom } from "../../support/seeded-random.ts";

/**
 * One thing that a client, the clock or an operator does. Steps are plain data and mean something in every state: `stream`
 * counts names, picks are fractions of whatever there is to pick from. So any part of a sequence is a sequence as well.
 */
export type Step =
  /** `shards` 0: an on-demand stream. */
  | { readonly do: "create"; readonly stream: number; readonly shards: number }
  | { readonly do: "delete"; readonly stream: number; readonly enforce: boolean }
  | { readonly do: "put"; readonly stream: number; readonly key: number; readonly place?: number }
  | { readonly do: "put-batch"; readonly stream: number; readonly count: number; readonly key: number }
  /** `at` is a fraction of the shard's range; 0 and 1 mean the two refused borders, 0.001 the smallest legal place. */
  | { readonly do: "split"; readonly stream: number; readonly shard: number; readonly at: number }
  | {
      readonly do: "merge";
      readonly stream: number;
      readonly shard: number;
      readonly how: "right" | "reversed" | "any";
    }
  | { readonly do: "resize"; readonly stream: number; readonly target: number }
  | { readonly do: "mode"; readonly stream: number; readonly onDemand: boolean }
  | { readonly do: "spread"; readonly stream: number; readonly auto: boolean }
  | { readonly do: "retention"; readonly stream: number; readonly hours: number; readonly up: boolean }
  | { readonly do: "encryption"; readonly stream: number; readonly on: boolean }
  | { readonly do: "record-size"; readonly stream: number; readonly kib: number }
  | { readonly do: "monitoring"; readonly stream: number; readonly on: boolean }
  | { readonly do: "tag"; readonly stream: number; readonly key: number; readonly value: number }
  | { readonly do: "untag"; readonly stream: number; readonly key: number }
  | { readonly do: "register"; readonly stream: number; readonly consumer: number }
  | { readonly do: "deregister"; readonly stream: number; readonly consumer: number }
  /** `record` picks a record of the shard, for the types that need one. */
  | {
      readonly do: "iterator";
      readonly stream: number;
      readonly shard: number;
      readonly type: IteratorType;
      readonly record: number;
    }
  | { readonly do: "read"; readonly iterator: number; readonly limit: number }
  | { readonly do: "list"; readonly stream: number; readonly time: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "clock-step"; readonly ms: number }
  | { readonly do: "restart" };

export type IteratorType = "AT_SEQUENCE_NUMBER" | "AFTER_SEQUENCE_NUMBER" | "TRIM_HORIZON" | "LATEST" | "AT_TIMESTAMP";

const streamCount = 3;

const iteratorTypes: readonly IteratorType[] = [
  "AT_SEQUENCE_NUMBER",
  "AFTER_SEQUENCE_NUMBER",
  "TRIM_HORIZON",
  "LATEST",
  "AT_TIMESTAMP",
];
const waitsMs = [1, 300, 700, 5_000, 61_000, 299_000, 301_000, 3_600_000, 13 * 3_600_000, 25 * 3_600_000];
const clockStepsMs = [-1, -999, -30_000, -3_600_000, -26 * 3_600_000, 2_500, 7_200_000];
const retentionHours = [23, 24, 25, 36, 48, 72, 8760, 8761];

type Draw = (random: SeededRandom, stream: number) => Step;

/** How often each step comes, as a weight. */
const draws: readonly (readonly [weight: number, draw: Draw])[] = [
  [4, (random, stream) => ({ do: "create", stream, shards: random.integer(0, 4) })],
  [1, (random, stream) => ({ do: "delete", stream, enforce: random.integer(0, 3) > 0 })],
  [16, (random, stream) => ({ do: "put", stream, key: random.integer(0, 7), ...entryIdentityOf(random) })],
  [10, (random, stream) => ({ do: "put-batch", stream, count: random.integer(1, 12), key: random.integer(0, 7) })],
  [8, (random, stream) => ({ do: "split", stream, shard: random.next(), at: splitPlace(random) })],
  [8, (random, stream) => ({ do: "merge", stream, shard: random.next(), how: mergeHow(random) })],
  [3, (random, stream) => ({ do: "resize", stream, target: random.integer(1, 7) })],
  [1, (random, stream) => ({ do: "mode", stream, onDemand: random.integer(0, 2) === 0 })],
  [1, (random, stream) => ({ do: "spread", stream, auto: random.integer(0, 1) === 0 })],
  [3, (random, stream) => ({ do: "retention", stream, hours: pick(random, retentionHours), up: random.next() < 0.6 })],
  [1, (random, stream) => ({ do: "encryption", stream, on: random.next() < 0.5 })],
  [1, (random, stream) => ({ do: "record-size", stream, kib: random.integer(1, 10) * 1024 })],
  [1, (random, stream) => ({ do: "monitoring", stream, on: random.next() < 0.5 })],
  [2, (random, stream) => ({ do: "tag", stream, key: random.integer(0, 4), value: random.integer(0, 9) })],
  [1, (random, stream) => ({ do: "untag", stream, key: random.integer(0, 4) })],
  [2, (random, stream) => ({ do: "register", stream, consumer: random.integer(0, 2) })],
  [2, (random, stream) => ({ do: "deregister", stream, consumer: random.integer(0, 2) })],
  [
    8,
    (random, stream) => ({
      do: "iterator",
      stream,
      shard: random.next(),
      type: pick(random, iteratorTypes),
      record: random.next(),
    }),
  ],
  [12, (random) => ({ do: "read", iterator: random.next(), limit: pick(random, [1, 2, 3, 7, 10_000]) })],
  [3, (random, stream) => ({ do: "list", stream, time: random.next() })],
  [10, (random) => ({ do: "wait", ms: pick(random, waitsMs) })],
  [2, (random) => ({ do: "clock-step", ms: pick(random, clockStepsMs) })],
  [2, () => ({ do: "restart" })],
];
const weightTotal = draws.reduce((total, [weight]) => total + weight, 0);

export function drawSteps(random: SeededRandom, count: number): readonly Step[] {
  return Array.from({ length: count }, () => drawStep(random));
}

function drawStep(random: SeededRandom): Step {
  // Most steps go to one stream, so that it lives through something.
  const stream = random.next() < 0.7 ? 0 : random.integer(1, streamCount - 1);
  let left = random.next() * weightTotal;
  for (const [weight, draw] of draws) {
    left -= weight;
    if (left < 0) return draw(random, stream);
  }
  return { do: "restart" };
}

function entryIdentityOf(random: SeededRandom): { readonly place?: number } {
  return random.next() < 0.6 ? {} : { place: pick(random, [0, 1, random.next()]) };
}

function splitPlace(random: SeededRandom): number {
  return pick(random, [0.5, 0.5, random.next(), random.next(), 0, 1, 0.001]);
}

function mergeHow(random: SeededRandom): "right" | "reversed" | "any" {
  return pick(random, ["right", "right", "right", "right", "reversed", "any"]);
}

function pick<Item>(random: SeededRandom, items: readonly Item[]): Item {
  const item = items[random.integer(0, items.length - 1)];
  if (item === undefined) throw new Error("there is something to pick from");
  return item;
}
