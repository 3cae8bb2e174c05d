import assert from "node:assert/strict";
import { test } from "node:test";
import { type Extent, ExtentList } from "../../../../../src/engine/embedded/state/extent-list.ts";

function extent(position: number, end: number): Extent {
  const place = {
    segmentId: position,
    offset: 4096 * position,
    length: 100,
    pointsOffset: 8,
    pointCount: 1,
    pointsCheck: 7,
  };
  return { ...place, position, end, firstMs: position * 10, lastMs: end * 10 };
}

function listOf(...extents: readonly Extent[]): ExtentList {
  const list = new ExtentList();
  for (const one of extents) list.add(one);
  return list;
}

test("extents come back as they were added, and are found by position and by time", () => {
  const extents = [extent(5, 9), extent(9, 10), extent(10, 40)];
  const list = listOf(...extents);
  assert.deepEqual(list.all(), extents);
  assert.deepEqual([list.start, list.end], [5, 40]);
  assert.deepEqual([list.find(5), list.find(9), list.find(39), list.find(40)], [0, 1, 2, 3]);
  assert.deepEqual([list.findTime(90), list.findTime(91), list.findTime(401)], [0, 1, 3]);
});

test("replace() leaves nothing of what stood there, whether there is more or less of it than before", () => {
  const list = listOf(extent(1, 2), extent(2, 3), extent(3, 4));
  for (const count of [2, 9, 8, 1, 0, 1]) {
    const extents = Array.from({ length: count }, (_, index) => extent(20 + index, 21 + index));
    list.replace(extents);
    assert.deepEqual(list.all(), extents);
    list.add(extent(20 + count, 21 + count));
    assert.equal(list.count, count + 1);
    assert(list.byteLength <= 80 * 2 * (count + 2), `${list.byteLength} bytes for ${count + 1} extents`);
  }
});

test("dropBefore() gives back what ends at or before a position", () => {
  const extents = [extent(1, 2), extent(2, 3), extent(3, 4), extent(4, 5)];
  const list = listOf(...extents);
  assert.deepEqual(list.dropBefore(1), []);
  assert.deepEqual(list.dropBefore(3), extents.slice(0, 2));
  assert.deepEqual(list.all(), extents.slice(2));
  assert.deepEqual(list.dropBefore(9), extents.slice(2));
  assert.deepEqual([list.count, list.byteLength, list.start, list.end], [0, 0, 0, 0]);
});
