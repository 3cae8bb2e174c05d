import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isAdminHost,
  isOriginAllowed,
  isPreflight,
  preflightHeaders,
} from "../../../../src/server/http/origin-rules.ts";

const open = { verifiesSignatures: false, corsOrigins: [] };

const origins: readonly (readonly [origin: string, may: boolean])[] = [
  ["http://localhost", true],
  ["http://localhost:3000", true],
  ["https://LOCALHOST:8443", true],
  ["http://app.localhost:3000", true],
  ["http://localhost.:3000", true],
  ["http://127.0.0.1:5173", true],
  ["http://127.9.9.9", true],
  ["http://2130706433", true],
  ["http://[::1]:3000", true],
  ["http://[::ffff:127.0.0.1]", true],
  ["http://evil.example", false],
  ["https://evil.example:4567", false],
  ["http://localhost.evil.example", false],
  ["http://127.0.0.1.evil.example", false],
  ["http://notlocalhost", false],
  ["http://192.168.1.7", false],
  ["http://0.0.0.0", false],
  ["http://[2001:db8::1]", false],
  ["http://[::ffff:10.0.0.1]", false],
  ["HTTPS://EVIL.EXAMPLE", false],
  ["null", false],
  ["whatever", true],
  ["", true],
  ["http://", false],
  ["http://evil.example, http://evil.example", false],
  ["chrome-extension://abcdefgh, HTTPS://evil.example", false],
  ["https://a%20b.evil.example", false],
  ["http://evil.example:99999", false],
  ["chrome-extension://abcdefgh", true],
  ["file://", true],
];

for (const [origin, may] of origins) {
  test(`without verification a page of ${JSON.stringify(origin)} may ${may ? "" : "not "}call`, () => {
    assert.equal(isOriginAllowed(origin, open), may);
  });
}

test("a named origin may call, in whatever form it is written, and no other", () => {
  const policy = { verifiesSignatures: false, corsOrigins: ["https://App.Example:443/", "http://other.example:8080"] };
  assert.equal(isOriginAllowed("https://app.example", policy), true);
  assert.equal(isOriginAllowed("http://other.example:8080", policy), true);
  assert.equal(isOriginAllowed("http://other.example", policy), false);
  assert.equal(isOriginAllowed("http://app.example", policy), false);
  assert.equal(isOriginAllowed("https://sub.app.example", policy), false);
});

test("an asterisk and verified signatures let every origin call, as AWS does", () => {
  assert.equal(isOriginAllowed("http://evil.example", { verifiesSignatures: false, corsOrigins: ["*"] }), true);
  assert.equal(isOriginAllowed("null", { verifiesSignatures: false, corsOrigins: ["null"] }), true);
  assert.equal(isOriginAllowed("http://evil.example", { verifiesSignatures: true, corsOrigins: [] }), true);
});

test("operators' paths answer to loopback names and to those that were given", () => {
  for (const host of ["localhost:4567", "LOCALHOST", "127.0.0.1:4567", "[::1]:4567", "a.localhost:1"]) {
    assert.equal(isAdminHost(host, []), true, host);
  }
  for (const host of [
    undefined,
    "",
    "evil.example:4567",
    "localhost.evil.example",
    "10.0.0.7",
    "a b",
    "x@localhost@y",
  ]) {
    assert.equal(isAdminHost(host, []), false, String(host));
  }
  assert.equal(isAdminHost("metrics.internal:9100", ["metrics.internal"]), true);
  assert.equal(isAdminHost("[fd00::7]:9100", ["fd00::7"]), true);
  assert.equal(isAdminHost("other.internal", ["metrics.internal"]), false);
});

test("a server on every address administers under every address, but under no foreign name", () => {
  for (const hosts of [["0.0.0.0"], ["::"]]) {
    assert.equal(isAdminHost("10.0.0.7:4567", hosts), true);
    assert.equal(isAdminHost("[fd00::7]:4567", hosts), true);
    assert.equal(isAdminHost("evil.example:4567", hosts), false);
  }
});

test("a preflight is an OPTIONS request with an Origin", () => {
  assert.equal(isPreflight({ method: "OPTIONS", headers: { origin: "x" } }), true);
  assert.equal(isPreflight({ method: "OPTIONS", headers: {} }), false);
  assert.equal(isPreflight({ method: "POST", headers: { origin: "x" } }), false);
});

test("a preflight's answer echoes what was asked for and nothing else", () => {
  assert.deepEqual(preflightHeaders({}), { "Access-Control-Allow-Origin": "*", "Access-Control-Max-Age": "172800" });
  assert.deepEqual(
    preflightHeaders({ "access-control-request-headers": "a,b", "access-control-request-method": "POST" }),
    {
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Allow-Headers": "a,b",
      "Access-Control-Allow-Methods": "POST",
      "Access-Control-Max-Age": "172800",
    },
  );
});
