import assert from "node:assert/strict";
import { test } from "node:test";
import { PositionSet } from "../../../../src/queues/state/position-set.ts";
import { SeededRandom } from "../../../support/seeded-random.ts";

const from = 2 ** 40 - 9_000;
const size = 20_000;

/** Every form of a part: nothing, few members, a bitmap, few holes, everything. */
for (const [name, chanceOfHole] of [
  ["few members", 0.995],
  ["a bitmap", 0.5],
  ["few holes", 0.005],
  ["no holes", 0],
] as const) {
  test(`a set of positions with ${name} has what was added and nothing else, in any order`, () => {
    const random = new SeededRandom(7);
    const set = new PositionSet(from);
    const positions: number[] = [];
    for (let i = 0; i < size; i += 1) if (random.next() >= chanceOfHole) positions.push(from + i);
    const known = new Set(positions);
    shuffle(positions, random);
    for (const [index, position] of positions.entries()) {
      assert.equal(set.add(position), true);
      assert.equal(set.add(position), false);
      if (index % 5_000 === 0) compare(set, new Set(positions.slice(0, index + 1)), random);
    }
    compare(set, known, random);
    for (const floor of [from + 100, from + 4_097, from + 15_000, from + size - 5]) {
      set.raiseFloor(floor);
      for (let position = from; position < floor; position += 1) known.add(position);
      compare(set, known, random);
    }
  });
}

test("ranges that are added are there, and nothing else, among positions of every form", () => {
  for (let seed = 1; seed <= 8; seed += 1) {
    const random = new SeededRandom(seed);
    const set = new PositionSet(from);
    const known = new Set<number>();
    const density = random.next();
    for (let step = 0; step < 30; step += 1) {
      const start = from + random.integer(0, size - 1);
      const end = Math.min(from + size, start + 4 ** random.integer(0, 7));
      set.addRange(start, end);
      for (let position = start; position < end; position += 1) known.add(position);
      if (random.next() < density) {
        const one = from + random.integer(0, size - 1);
        assert.equal(set.add(one), !known.has(one));
        known.add(one);
      }
      if (step % 10 === 9) compare(set, known, random);
    }
  }
});

test("positions that are added in order cost no memory, and whole parts are added at once", () => {
  const set = new PositionSet(1);
  for (let position = 1; position < 20_000; position += 1) set.add(position);
  assert.equal(set.floor, 20_000);
  assert.equal(
    set.visitParts(0, 10, () => assert.fail("a part is kept")),
    undefined,
  );
  set.addParts(6, 2);
  set.addParts(4, 1);
  assert.equal(set.has(4 * 4096 + 4095), true);
  assert.equal(set.floor, 5 * 4096);
  assert.equal(set.next(set.floor, true), 6 * 4096);
  set.addParts(5, 1);
  assert.equal(set.floor, 8 * 4096);
  assert.equal(set.memberCountAboveFloor, 0);
});

function compare(set: PositionSet, known: ReadonlySet<number>, random: SeededRandom): void {
  let floor = from;
  while (known.has(floor)) floor += 1;
  assert.equal(set.floor, floor);
  let above = 0;
  for (const position of known) if (position >= floor) above += 1;
  assert.equal(set.memberCountAboveFloor, above);
  const isIn = (position: number): boolean => position < floor || known.has(position);
  for (let i = 0; i < 60; i += 1) {
    const position = from + random.integer(0, size - 1);
    assert.equal(set.has(position), isIn(position), `${position - from}`);
    for (const isMember of [true, false]) {
      let next = position;
      while (next < from + size && isIn(next) !== isMember) next += 1;
      if (next === from + size && isMember) next = Number.POSITIVE_INFINITY;
      assert.equal(set.next(position, isMember), next, `${position - from} ${isMember}`);
    }
  }
}

function shuffle(items: number[], random: SeededRandom): void {
  for (let i = items.length - 1; i > 0; i -= 1) {
    const other = random.integer(0, i);
    const item = items[i] as number;
    items[i] = items[other] as number;
    items[other] = item;
  }
}
