import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isLoopback,
  parseBudgetBytes,
  parseHost,
  parseOrigin,
  parsePort,
  parseRegion,
  parseStreamAtStart,
  parseTransitionDelay,
} from "../../../src/config/parse-value.ts";

function testTable<Value>(
  parse: (text: string) => Value | undefined,
  rows: readonly (readonly [string, Value | undefined])[],
) {
  for (const [text, expected] of rows) {
    test(`${parse.name}(${JSON.stringify(text)}) is ${JSON.stringify(expected)}`, () =>
      assert.deepEqual(parse(text), expected));
  }
}

testTable(parsePort, [
  ["0", 0],
  ["65535", 65_535],
  ["65536", undefined],
  ["-1", undefined],
  ["4567.0", undefined],
  ["0x10", undefined],
  ["", undefined],
]);

testTable(parseBudgetBytes, [
  ["1048576", 2 ** 20],
  ["1MiB", 2 ** 20],
  ["1.5 GiB", 1.5 * 2 ** 30],
  ["10MB", 10_000_000],
  ["1 TiB", 2 ** 40],
  ["1023KiB", undefined],
  ["2G", undefined],
  ["1constructor", undefined],
  ["999999TiB", undefined],
  ["-1GiB", undefined],
]);

testTable(parseTransitionDelay, [
  ["0", 0],
  ["500ms", 500],
  ["2s", 2_000],
  ["60m", 3_600_000],
  ["61m", undefined],
  ["2 weeks", undefined],
]);

testTable(parseHost, [
  ["127.0.0.1", "127.0.0.1"],
  ["[::1]", "::1"],
  ["Example.org", "example.org"],
  ["300.1.1.1", undefined],
  ["a b", undefined],
  ["http://a", undefined],
]);

testTable(parseRegion, [
  ["us-gov-west-1", "us-gov-west-1"],
  ["local", "local"],
  ["us east", undefined],
]);

testTable(parseOrigin, [
  ["*", "*"],
  ["https://app.example:8443", "https://app.example:8443"],
  ["https://app.example/", "https://app.example"],
  ["https://app.example/page", undefined],
  ["app.example", undefined],
  ["null", undefined],
]);

testTable(parseStreamAtStart, [
  ["orders_2-x.y:10000", { name: "orders_2-x.y", shardCount: 10_000 }],
  ["orders:4:eu-west-1", { name: "orders", shardCount: 4, region: "eu-west-1" }],
  ["orders:4:", undefined],
  ["orders:4:EU", undefined],
  ["orders:0", undefined],
  ["orders:10001", undefined],
  ["or ders:1", undefined],
  [`${"a".repeat(129)}:1`, undefined],
]);

test("isLoopback() tells this machine's own addresses from others", () => {
  for (const host of ["127.0.0.1", "127.9.9.9", "::1", "0:0:0:0:0:0:0:1", "localhost", "a.localhost"]) {
    assert.equal(isLoopback(host), true, host);
  }
  for (const host of ["0.0.0.0", "::", "10.0.0.1", "127.example.org", "example.org"]) {
    assert.equal(isLoopback(host), false, host);
  }
});
