// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables look like placeholders of template strings.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fillVariables, matchesPattern, parsePattern } from "../../../../src/streams/policy/policy-pattern.ts";

function like(text: string, pattern: string): boolean {
  return matchesPattern(text, fillVariables(parsePattern(pattern, { hasVariables: false }), () => undefined) ?? "");
}

test("matchesPattern() says what a regular expression would", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", ":"), maxLength: 12 });
  const patterns = fc.string({ unit: fc.constantFrom("a", "b", ":", "*", "?"), maxLength: 8 });
  const property = fc.property(letters, patterns, (text, pattern) => {
    const expression = new RegExp(`^${pattern.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s");
    assert.equal(like(text, pattern), expression.test(text));
  });
  fc.assert(property, { numRuns: 3_000 });
});

test("matchesPattern() takes no exponential time for many stars", () => {
  assert.equal(like("a".repeat(5_000), `${"a*".repeat(500)}b`), false);
});

test("fillVariables() gives a pattern without variables back as it is, and one with a missing value not at all", () => {
  const fill = (text: string) =>
    fillVariables(parsePattern(text, { hasVariables: true }), (key) => (key === "aws:username" ? ["a*"] : undefined));
  assert.equal(fill("plain ${*}${?}${$}"), "plain *?$");
  assert.equal(fill("-${AWS:UserName}-"), "-a*-");
  assert.equal(fill("${aws:other}"), undefined);
  assert.equal(fill("${aws:other, 'x y'}"), "x y");
  assert.equal(fill("${open"), "${open");
});
