import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertHeaders } from "./support/assert-headers.ts";
import { jsonContentType } from "./support/call.ts";
import { send } from "./support/send.ts";
import { target } from "./support/target.ts";

/** A page on the caller's own machine, and what is no origin at all. */
const origins = ["http://localhost:3000", "whatever"];

describe("Cross-origin requests", () => {
  test("a preflight gets what it asks for, without a content type or an extended request id", async () => {
    for (const Origin of origins) {
      const { status, text, headers } = await send(target().endpoint, {
        method: "OPTIONS",
        headers: {
          Origin,
          "Access-Control-Request-Headers": "x-amz-target, a, b",
          "Access-Control-Request-Method": "POST",
        },
      });
      assert.equal(status, 200);
      assert.equal(text, "");
      assert.equal(headers["content-length"], "0");
      assert.equal(headers["access-control-allow-origin"], "*");
      assert.equal(headers["access-control-max-age"], "172800");
      assert.equal(headers["access-control-allow-headers"], "x-amz-target, a, b");
      assert.equal(headers["access-control-allow-methods"], "POST");
      assert.ok("x-amzn-requestid" in headers);
      for (const absent of ["content-type", "x-amz-id-2"]) assert.equal(absent in headers, false, absent);
    }
  });

  test("a preflight that asks for nothing is promised nothing", async () => {
    const { headers } = await send(target().endpoint, { method: "OPTIONS", headers: { Origin: "whatever" } });
    assert.equal(headers["access-control-allow-origin"], "*");
    assert.equal("access-control-allow-headers" in headers, false);
    assert.equal("access-control-allow-methods" in headers, false);
  });

  test("any other request of a page may be read by it, errors too", async () => {
    for (const Origin of origins) {
      for (const method of ["POST", "GET"]) {
        const received = await send(target().endpoint, {
          method,
          headers: { Origin, "Content-Type": jsonContentType, "X-Amz-Target": "Kinesis_20131202.ListStreams" },
          body: "{}",
        });
        assertHeaders(received);
        assert.equal(received.headers["access-control-allow-origin"], "*");
        assert.equal(
          received.headers["access-control-expose-headers"],
          "x-amzn-RequestId,x-amzn-ErrorType,x-amz-request-id,x-amz-id-2,x-amzn-ErrorMessage,Date",
        );
      }
    }
  });

  test("a request without an origin gets no such headers", async () => {
    const { headers } = await send(target().endpoint, { headers: { "Content-Type": jsonContentType }, body: "{}" });
    assert.equal("access-control-allow-origin" in headers, false);
  });
});
