import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertHeaders } from "./support/assert-headers.ts";
import { call, jsonContentType, refusalOf } from "./support/call.ts";
import { assertSentence } from "./support/messages.ts";
import { type Received, type Sent, send } from "./support/send.ts";
import { signRequest } from "./support/sign-request.ts";
import { target } from "./support/target.ts";

const known = "Kinesis_20131202.ListStreams";
const invalidContentTypes = [undefined, "text/plain", "application/x-amz-json-1.0", "application/x-amz-json-1.1asdf"];

/** An unsigned request, with headers that may be left out. */
async function ask(
  { body, method = "POST", path = "/" }: Sent,
  contentType: string | undefined,
  operation: string | undefined,
): Promise<Received> {
  const headers = {
    ...(contentType === undefined ? {} : { "Content-Type": contentType }),
    ...(operation === undefined ? {} : { "X-Amz-Target": operation }),
  };
  const received = await send(target().endpoint, { method, path, headers, body: body ?? "" });
  assertHeaders(received);
  return received;
}

function assertDeniedInXml({ status, text, headers }: Received): void {
  assert.equal(status, 403);
  assert.equal(headers["content-type"], undefined);
  const [, type = "", message = ""] = /^<(\w+)>\n {2}<Message>(.*)<\/Message>\n<\/\1>\n$/.exec(text) ?? [];
  assertSentence({ type, message }, "method-not-post");
}

function assertJson({ status, text, headers }: Received, expectedStatus: number, type: string): void {
  assert.equal(status, expectedStatus);
  assert.equal(headers["content-type"], jsonContentType);
  assert.deepEqual(JSON.parse(text), { __type: type });
}

/** A CBOR map of one entry, `__type`: what little of CBOR these tests need to know. */
function assertCborType({ status, bytes, headers }: Received, type: string): void {
  assert.equal(status, 400);
  assert.equal(headers["content-type"], "application/x-amz-cbor-1.1");
  assert.ok(
    bytes.includes(Buffer.concat([Buffer.of(0x66), Buffer.from("__type"), Buffer.of(0x60 + type.length)])) ||
      bytes.includes(Buffer.concat([Buffer.of(0x66), Buffer.from("__type"), Buffer.of(0x78, type.length)])),
  );
  assert.ok(bytes.includes(type));
}

describe("Routing", () => {
  test("every method but POST is denied in XML, whatever else the request says", async () => {
    for (const method of ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
      assertDeniedInXml(await ask({ method }, undefined, undefined));
      assertDeniedInXml(await ask({ method, body: "{}" }, jsonContentType, known));
    }
  });

  test("the path makes no difference", async () => {
    for (const path of ["/", "/no/such/path", "/index.html?a=b"]) {
      const { text } = await ask({ path, body: "{}" }, jsonContentType, known);
      assert.equal(JSON.parse(text).__type, "MissingAuthenticationTokenException");
    }
  });

  test("an empty body is a SerializationException with a known target and an UnknownOperationException without", async () => {
    assertJson(await ask({}, jsonContentType, known), 400, "SerializationException");
    for (const operation of [undefined, "Kinesis_20131202.Nothing", "Other.ListStreams", "ListStreams"]) {
      assertJson(await ask({}, jsonContentType, operation), 400, "UnknownOperationException");
    }
  });

  test("an empty body of any content type but JSON 1.1 is answered in CBOR", async () => {
    for (const contentType of [undefined, "text/plain", "application/json", "application/x-amz-cbor-1.1"]) {
      assertCborType(await ask({}, contentType, known), "SerializationException");
      assertCborType(await ask({}, contentType, undefined), "UnknownOperationException");
    }
  });

  test("an unknown content type is denied in XML without a whole target, and an unknown operation with one", async () => {
    for (const contentType of invalidContentTypes) {
      for (const operation of [undefined, "", "Kinesis_20131202", "Kinesis_20131202.", ".ListStreams"]) {
        assertDeniedInXml(await ask({ body: "{}" }, contentType, operation));
      }
      const { status, text, headers } = await ask({ body: "{}" }, contentType, known);
      assert.equal(status, 404);
      assert.equal(headers["content-type"], undefined);
      assert.equal(text, "<UnknownOperationException/>\n");
    }
  });

  test("parameters and spaces of the content type make no difference", async () => {
    for (const contentType of [`${jsonContentType}; charset=utf-8`, `  ${jsonContentType} ;`]) {
      const { text } = await ask({ body: "{}" }, contentType, known);
      assert.equal(JSON.parse(text).__type, "MissingAuthenticationTokenException");
    }
  });

  test("a body that is no JSON object is a SerializationException without a message, before anything is signed", async () => {
    for (const body of ["{", "nonsense", "null", "1", '"text"', "true", "{}}", " "]) {
      for (const operation of [known, undefined, "Kinesis_20131202.Nothing"]) {
        assertJson(await ask({ body }, jsonContentType, operation), 400, "SerializationException");
      }
    }
  });

  test("plain application/json never works, and says so in a form of its own", async () => {
    const answer = async (body: string) => {
      const { status, text, headers } = await ask({ body }, "application/json", known);
      assert.equal(headers["content-type"], "application/json");
      return [status, JSON.parse(text)];
    };
    const output = (type: string) => ({ Output: { __type: `com.amazon.coral.service#${type}` }, Version: "1.0" });
    assert.deepEqual(await answer("{}"), [404, output("UnknownOperationException")]);
    assert.deepEqual(await answer("{"), [400, output("SerializationException")]);
  });

  test("an unknown service or operation is an UnknownOperationException without a message, before anything is signed", async () => {
    for (const operation of [
      undefined,
      "Kinesis_20131202.Nothing",
      "Kinesis_20131202.",
      "Other.ListStreams",
      "ListStreams",
    ]) {
      assertJson(await ask({ body: "{}" }, jsonContentType, operation), 400, "UnknownOperationException");
    }
  });

  test("a signed request is looked at for types before constraints, and for constraints before the stream", async () => {
    const both = await call("PutRecord", { StreamName: "absent-at-all", PartitionKey: 1, Data: "" });
    assert.equal(refusalOf(both).type, "SerializationException");
    const violation = await call("PutRecord", { StreamName: "absent-at-all", PartitionKey: "", Data: "" });
    assert.equal(refusalOf(violation).type, "ValidationException");
    const missing = await call("PutRecord", { StreamName: "absent-at-all", PartitionKey: "a", Data: "" });
    assert.equal(refusalOf(missing).type, "ResourceNotFoundException");
  });

  test("an answer has the request's content type, all the usual headers and no checksum", async () => {
    const where = target();
    const body = "{}";
    const signed = signRequest(
      {
        headers: { "Content-Type": `${jsonContentType}; charset=utf-8`, "X-Amz-Target": known },
        body,
        now: new Date(),
      },
      where,
    );
    const received = await send(where.endpoint, { headers: signed, body });
    assert.equal(received.status, 200, received.text);
    assertHeaders(received);
    assert.equal(received.headers["content-type"], jsonContentType);
    assert.equal("x-amz-crc32" in received.headers, false);
  });
});
