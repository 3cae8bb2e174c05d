import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "../../../../../console/src/decode/decode.ts";
import { messageDecoder, messageNames } from "../../../../../console/src/decode/protobuf-messages.ts";
import { orderMessage, shopDescriptors } from "../../../../support/shop-messages.ts";

test("a message is read by the names of its schema", async () => {
  assert.deepEqual(messageNames(shopDescriptors), ["shop.Customer", "shop.Order"]);
  const decoded = await decode(orderMessage, messageDecoder(shopDescriptors, "shop.Order"));
  assert.equal(decoded.form, "message");
  assert.deepEqual(decoded.value, { number: 7, customer: { name: "Ada" } });
});

test("a text that is a message of unknown fields by chance stays text, and other bytes are shown as they are", async () => {
  const decodeOrder = messageDecoder(shopDescriptors, "shop.Order");
  assert.equal((await decode(Buffer.from('{"a": 1}'), decodeOrder)).form, "json");
  assert.equal((await decode(Buffer.from("z\u0005hello"), decodeOrder)).form, "message");
  assert.equal(
    (await decode(Buffer.from("2) hello there, friend, of a length that fits: 41 b"), decodeOrder)).form,
    "text",
  );
  assert.equal((await decode(Uint8Array.of(0xff, 0xff, 0xff), decodeOrder)).form, "binary");
});

test("a file that is no descriptor set, and a name that is not in it, are refused", () => {
  assert.throws(() => messageNames(Buffer.from("not a descriptor set at all")));
  assert.throws(() => messageDecoder(shopDescriptors, "shop.Nothing"), /has no message shop\.Nothing/);
});
