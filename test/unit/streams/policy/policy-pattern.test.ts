// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables look like placeholders of template strings.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  evaluationSteps,
  fillVariables,
  matchesPattern,
  parsePattern,
} from "../../../../src/streams/policy/policy-pattern.ts";
import { costOfSizes, growsFasterThanSize } from "../../../support/growth-of-cost.ts";

const steps = evaluationSteps(Number.POSITIVE_INFINITY);

function like(text: string, pattern: string): boolean {
  return matchesPattern(
    text,
    fillVariables(parsePattern(pattern, { hasVariables: false }), () => undefined) ?? "",
    steps,
  );
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

test("a wildcard pattern of 15,000 characters costs a long text no more than its length", async () => {
  for (const pattern of [
    `*${"a".repeat(15_000)}b`,
    `*${"a".repeat(900)}b`,
    `${"*a".repeat(900)}b`,
    `*${"?a".repeat(450)}b`,
  ]) {
    const byText = await costOfSizes(60_000, (size) => like("a".repeat(size), pattern));
    assert(!growsFasterThanSize(byText), `text ${JSON.stringify(byText)}`);
    // One million comparisons take a millisecond: character by character it would be hundreds of millions.
    assert(byText.wholeMs < 500, `${pattern.slice(0, 10)}: ${byText.wholeMs} ms`);
  }
});

test("matchesPattern() says of long texts and patterns what it says of short ones", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b"), minLength: 300, maxLength: 700 });
  const patterns = fc.string({ unit: fc.constantFrom("a", "b", "*", "*", "?"), minLength: 200, maxLength: 500 });
  let matchCount = 0;
  const property = fc.property(letters, patterns, fc.boolean(), (text, random, isMade) => {
    // A random pattern hardly ever fits a long text: half of them are made from it.
    const pattern = isMade ? text.replaceAll(/a(?=b)/g, "*").replaceAll(/b(?=a)/g, "?") : random;
    const expected = isMade || (pattern.replaceAll("*", "").length <= text.length && slowMatch(text, pattern));
    if (expected) matchCount++;
    assert.equal(like(text, pattern), expected, pattern);
  });
  fc.assert(property, { numRuns: 300 });
  assert(matchCount > 50);
});

/** Row by row of the table of all prefixes. */
function slowMatch(text: string, pattern: string): boolean {
  let row = Array.from({ length: text.length + 1 }, (_, at) => at === 0);
  for (const wanted of pattern) {
    const next = [wanted === "*" && row[0] === true];
    for (let at = 1; at <= text.length; at++) {
      const fits = wanted === "?" || wanted === text[at - 1];
      next.push(wanted === "*" ? row[at] === true || next[at - 1] === true : fits && row[at - 1] === true);
    }
    row = next;
  }
  return row[text.length] === true;
}

test("a variable with a long run of spaces before its comma is read in the time of its length", async () => {
  const cost = await costOfSizes(200_000, (size) => parsePattern(`\${x${" ".repeat(size)}y}`, { hasVariables: true }));
  assert(!growsFasterThanSize(cost), JSON.stringify(cost));
  const read = (text: string) => parsePattern(text, { hasVariables: true }).variables[0];
  assert.deepEqual(read("${aws:x  ,  'a, b'}"), { key: "aws:x", fallback: "a, b" });
  assert.deepEqual(read("${aws:x, 'a'b'}"), { key: "aws:x, 'a'b'" });
  assert.deepEqual(read("${aws:x, '}"), { key: "aws:x, '" });
});

test("a policy of many short patterns is matched against a long text in comparisons, not in products", () => {
  const patterns = Array.from({ length: 650 }, () => `*${"a".repeat(25)}b`);
  const text = "a".repeat(1_024);
  const start = process.cpuUsage();
  for (const pattern of patterns) assert.equal(like(text, pattern), false);
  const { user } = process.cpuUsage(start);
  // Character by character it is 17 million comparisons; the bound is four for each character of text and patterns.
  const plainStart = process.cpuUsage();
  let count = 0;
  for (let step = 0; step < 17_000_000; step++) if (text[step % 1_024] === patterns[0]?.[step % 26]) count++;
  const plain = process.cpuUsage(plainStart).user;
  assert(user < plain && count >= 0, `${user} of ${plain} µs`);
});
