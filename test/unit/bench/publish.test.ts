import assert from "node:assert/strict";
import { test } from "node:test";
import { withFigures } from "../../../bench/publish.ts";

test("figures take the place of earlier ones between the markers, and nothing else changes", () => {
  const page = "before\n<!-- figures: begin -->\nold\n<!-- figures: end -->\nafter\n";
  const expected = "before\n<!-- figures: begin -->\n\nnew\n\n<!-- figures: end -->\nafter\n";
  assert.equal(withFigures(page, "new\n"), expected);
  assert.equal(withFigures(expected, "new"), expected);
});

test("a page without markers is refused", () => {
  assert.throws(() => withFigures("a page", "new"), /must hold <!-- figures: begin -->/);
});
