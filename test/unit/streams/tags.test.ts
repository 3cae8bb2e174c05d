import assert from "node:assert/strict";
import { test } from "node:test";
import { addTags, removeTags, tagCountMax, tagsPage } from "../../../src/streams/tags.ts";
import { serviceError } from "./stream-of.ts";

const place = { account: "123456789012", name: "orders" };
const type = "InvalidArgumentException";

function manyTags(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, ""]));
}

test("addTags() keeps old tags and takes over new values", () => {
  assert.deepEqual(addTags(place, { a: "1", b: "2" }, { b: "3", "é日_./=+-@ 7": "" }), {
    a: "1",
    b: "3",
    "é日_./=+-@ 7": "",
  });
});

test("addTags() words the two character checks as AWS does", () => {
  for (const text of ["a\tb", "a\n", "a;b", "a,b", "a*"]) {
    assert.throws(
      () => addTags(place, {}, { [text]: "" }),
      serviceError(type, /^Some tags contain invalid characters/),
      text,
    );
    assert.throws(
      () => addTags(place, {}, { ok: text }),
      serviceError(type, /^Some tags contain invalid characters/),
      text,
    );
  }
  assert.throws(
    () => addTags(place, {}, { ok: "50%" }),
    serviceError(type, /^Failed to add tags to stream orders under account 123456789012 because some tags contained/),
  );
  assert.throws(() => removeTags(place, {}, ["50%"]), serviceError(type, /^Failed to remove tags from stream orders/));
  assert.throws(() => removeTags(place, {}, ["a;b"]), serviceError(type, /^Some tags contain invalid/));
});

test("a colon that one operation took cannot be refused by another", () => {
  const tagged = addTags(place, {}, { "team:owner": "a:b", ":": ":" });
  assert.deepEqual(tagged, { "team:owner": "a:b", ":": ":" });
  assert.deepEqual(removeTags(place, tagged, ["team:owner"]), { ":": ":" });
});

test("a stream holds fifty tags and the sentence says ten", () => {
  const full = manyTags(tagCountMax);
  assert.deepEqual(addTags(place, full, { k0: "again" }), { ...full, k0: "again" });
  assert.throws(
    () => addTags(place, full, { other: "" }),
    serviceError(type, /cannot have more than 10 tags associated with it\.$/),
  );
});

test("keys that begin with aws: are reserved, in any case", () => {
  for (const key of ["aws:x", "AWS:x"])
    assert.throws(() => addTags(place, {}, { [key]: "" }), serviceError(type, /reserved/));
});

test("removeTags() ignores keys that are not there", () => {
  assert.deepEqual(removeTags(place, { a: "1", b: "2" }, ["b", "c"]), { a: "1" });
});

test("__proto__ is a tag key like any other", () => {
  const added = JSON.parse('{"__proto__": "x"}') as Record<string, string>;
  const tags = addTags(place, { a: "1" }, added);
  assert.deepEqual(Object.entries(tags), [
    ["a", "1"],
    ["__proto__", "x"],
  ]);
  assert.deepEqual(Object.entries(removeTags(place, tags, ["a"])), [["__proto__", "x"]]);
  assert.deepEqual(
    tagsPage(tags, {}).tags.map((tag) => tag.Key),
    ["__proto__", "a"],
  );
});

test("tagsPage() sorts by code unit and starts behind a key that need not exist", () => {
  const tags = Object.fromEntries(["ÿ", "a", "_", "Zb", "@", "=", "0", "/", "+", " "].map((key) => [key, key]));
  const keys = (page: Parameters<typeof tagsPage>[1]) => tagsPage(tags, page).tags.map((tag) => tag.Key);
  assert.deepEqual(keys({}), [" ", "+", "/", "0", "=", "@", "Zb", "_", "a", "ÿ"]);
  assert.deepEqual(keys({ exclusiveStartKey: "Z" }), ["Zb", "_", "a", "ÿ"]);
  assert.deepEqual(keys({ exclusiveStartKey: "a" }), ["ÿ"]);
  assert.deepEqual(keys({ exclusiveStartKey: "+", limit: 2 }), ["/", "0"]);
  assert.equal(tagsPage(tags, { limit: 9 }).hasMore, true);
  assert.equal(tagsPage(tags, { limit: 10 }).hasMore, false);
});
