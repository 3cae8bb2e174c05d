import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  encodeHeaders,
  encodeMessage,
  frameMessage,
  marginsFor,
} from "../../../../src/protocol/event-stream/event-stream-message.ts";
import { decodeMessage } from "../event-stream-messages.ts";

test("a message gives back its headers in order, and its payload", () => {
  const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text)), fc.uint8Array({ maxLength: 2_000 }), (headers, payload) => {
      const message = decodeMessage(encodeMessage(encodeHeaders(headers), payload));
      assert.deepEqual(message.headers, headers);
      assert.deepEqual(new Uint8Array(message.payload), payload);
    }),
    { numRuns: 200 },
  );
});

test("a message framed in place is the one made around a copy", () => {
  const headers = encodeHeaders([[":event-type", "initial-response"]]);
  const { before, after } = marginsFor(headers);
  const message = Buffer.alloc(before + 5 + after, 0xee);
  message.write("hello", before);
  frameMessage(message, headers);
  assert.deepEqual(message, encodeMessage(headers, Buffer.from("hello")));
});

test("a header's text may be longer than one byte can count", () => {
  const long = "é".repeat(200);
  const { headers } = decodeMessage(encodeMessage(encodeHeaders([["a", long]]), Buffer.alloc(0)));
  assert.deepEqual(headers, [["a", long]]);
});
