import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { detectConnectionProtocol } from "../../../../src/server/http/detect-connection-protocol.ts";

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

test("detectProtocol() knows each protocol by its first bytes", () => {
  assert.equal(detectConnectionProtocol(Buffer.of(0x16)), "tls");
  assert.equal(detectConnectionProtocol(preface), "http2");
  assert.equal(detectConnectionProtocol(Buffer.from("POST / HTTP/1.1\r\n")), "http1");
  assert.equal(detectConnectionProtocol(Buffer.from("PRIVATE / HTTP/1.1\r\n")), "http1");
  assert.equal(detectConnectionProtocol(Buffer.of(0)), "http1");
});

test("detectProtocol() waits while the bytes can still be either", () => {
  for (let length = 0; length < 16; length++)
    assert.equal(detectConnectionProtocol(preface.subarray(0, length)), undefined);
  assert.equal(detectConnectionProtocol(preface.subarray(0, 16)), "http2");
});

test("detectProtocol() never changes its result when more bytes come", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 24 }), fc.nat(16), (tail, kept) => {
      const bytes = Buffer.concat([preface.subarray(0, kept), tail]);
      let decided: string | undefined;
      for (let length = 0; length <= bytes.length; length++) {
        const protocol = detectConnectionProtocol(bytes.subarray(0, length));
        if (decided !== undefined) assert.equal(protocol, decided);
        decided = protocol;
      }
    }),
  );
});
