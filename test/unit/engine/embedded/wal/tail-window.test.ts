import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { TailWindow } from "../../../../../src/engine/embedded/wal/tail-window.ts";

test("view() gives the bytes that were put or nothing, and the newest that fit are always there", () => {
  const capacity = 1_000;
  const sizes = fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 80 });
  const property = fc.property(sizes, (lengths) => {
    const window = new TailWindow(capacity);
    const groups: { address: number; bytes: Buffer }[] = [];
    let address = 8192;
    for (const [index, length] of lengths.entries()) {
      const bytes = Buffer.alloc(length, index + 1);
      window.put(address, bytes);
      groups.push({ address, bytes });
      address += length + 7;
      for (const group of groups) {
        const view = window.view(group.address, group.bytes.length);
        if (view !== undefined) assert(view.equals(group.bytes));
        const part = window.view(group.address + group.bytes.length - 1, 1);
        assert.equal(part === undefined, view === undefined);
        assert.equal(window.view(group.address, group.bytes.length + 1), undefined);
      }
      const isKept = window.view(address - length - 7, length) !== undefined;
      assert.equal(isKept, length <= capacity / 2);
      assert(window.byteLength <= capacity);
    }
  });
  fc.assert(property, { numRuns: 100 });
});

test("a window of no bytes keeps nothing", () => {
  const window = new TailWindow(0);
  window.put(1, Buffer.alloc(10));
  assert.equal(window.view(1, 10), undefined);
});
