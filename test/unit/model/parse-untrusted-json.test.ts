import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseUntrustedJson } from "../../../src/model/parse-untrusted-json.ts";

/** Every name in escapes, as some clients write what is not ASCII. */
function escaped(value: unknown): string {
  if (Array.isArray(value)) return `[ ${value.map(escaped).join(" ,\n")} ]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `${escapedText(name)}\t: ${escaped(member)}`);
  return `{${members.join(",")}\r\n}`;
}

function escapedText(text: string): string {
  const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i).toString(16).padStart(4, "0"));
  return `"${units.map((unit) => `\\u${unit}`).join("")}"`;
}

test("a name with an escape stays what it is after a name with a backslash was read", () => {
  for (const [seen, name, text] of [
    ["\\\\", '"', '\\"'],
    ["\\\\", "é", "\\u00e9"],
    ["\\\\u", "Aé", "\\u0041\\u00e9"],
    ["\\\\n", "\nx", "\\nx"],
    ["b\\\\", "b/", "b\\/"],
  ] as const) {
    parseUntrustedJson(`{"first":1,"${seen}":2}`);
    assert.deepEqual(parseUntrustedJson(`{"first":1,"${text}" :3}`), { first: 1, [name]: 3 }, text);
    assert.deepEqual(parseUntrustedJson(`[{"first":1,"${seen}":2},{"first":1,"${text}":3}]`), [
      parseUntrustedJson(`{"first":1,"${seen}":2}`),
      { first: 1, [name]: 3 },
    ]);
  }
});

test("parseUntrustedJson() reads what JSON.parse() reads, however its names are written", () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const plain: unknown = JSON.parse(JSON.stringify(value));
      assert.deepEqual(parseUntrustedJson(escaped(value)), plain);
    }),
    { numRuns: 500 },
  );
});

test("parseUntrustedJson() keeps of a name the first place and the last value, and an own __proto__", () => {
  const read = parseUntrustedJson('{"\\u0061":1,"b":2,"a":3,"__proto__":{"c":"\\\\"}}') as object;
  assert.deepEqual(Object.entries(read), [
    ["a", 3],
    ["b", 2],
    ["__proto__", { c: "\\" }],
  ]);
  assert.equal(Object.getPrototypeOf(read), Object.prototype);
});

test("parseUntrustedJson() reads a text that is as deep as it is long", () => {
  const depth = 200_000;
  let read = parseUntrustedJson(`${"[".repeat(depth)}{"\\n":-1.5e3}${"]".repeat(depth)}`);
  for (let level = 0; level < depth; level += 1) [read] = read as [unknown];
  assert.deepEqual(read, { "\n": -1500 });
});

test("parseUntrustedJson() refuses what is no JSON, with escaped names as well", () => {
  for (const text of ["", '{"\\n":}', '{"\\n":1', '{"\\q":1}', '{"\\n":01}'])
    assert.throws(() => parseUntrustedJson(text), SyntaxError);
});
