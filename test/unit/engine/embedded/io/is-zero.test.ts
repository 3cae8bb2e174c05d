import assert from "node:assert/strict";
import { test } from "node:test";
import { isZero } from "../../../../../src/engine/embedded/io/is-zero.ts";

test("isZero() sees one bit anywhere between its ends, and nothing outside of them", () => {
  const bytes = Buffer.alloc(200_000);
  for (const [from, to] of [
    [0, 0],
    [7, 8],
    [3, 131],
    [3, 132],
    [100, 65_636],
    [100, 65_637],
    [1, 200_000],
  ] as const) {
    assert(isZero(bytes, from, to));
    for (const at of [from, (from + to) >> 1, to - 1].filter((place) => place >= from && place < to)) {
      bytes[at] = 128;
      assert(!isZero(bytes, from, to), `byte ${at} of ${from} to ${to}`);
      bytes[at] = 0;
    }
    for (const at of [from - 1, to].filter((place) => place >= 0 && place < bytes.length)) {
      bytes[at] = 1;
      assert(isZero(bytes, from, to), `byte ${at} beside ${from} to ${to}`);
      bytes[at] = 0;
    }
  }
});
