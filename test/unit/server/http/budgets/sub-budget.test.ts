import assert from "node:assert/strict";
import { test } from "node:test";
import { peerKeyOf } from "../../../../../src/server/http/budgets/sub-budget.ts";

test("peerKeyOf() takes an IPv6 network of 64 bits for one peer, and each IPv4 address", () => {
  assert.equal(peerKeyOf("10.0.0.1"), "10.0.0.1");
  assert.equal(peerKeyOf("::ffff:10.0.0.1"), "::ffff:10.0.0.1");
  assert.equal(peerKeyOf("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2");
  assert.equal(peerKeyOf("2001:db8:1:2::6"), "2001:db8:1:2");
  assert.equal(peerKeyOf("2001:db8::6"), peerKeyOf("2001:db8:0:0:7::"));
  assert.equal(peerKeyOf("::1"), "0:0:0:0");
});
