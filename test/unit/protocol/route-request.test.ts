import assert from "node:assert/strict";
import type { IncomingHttpHeaders } from "node:http";
import { test } from "node:test";
import { operationNames } from "../../../src/model/shapes.generated.ts";
import { routeRequest } from "../../../src/protocol/route-request.ts";

const JSON11 = "application/x-amz-json-1.1";
const CBOR11 = "application/x-amz-cbor-1.1";
const UNAUTHORIZABLE =
  "<AccessDeniedException>\n  <Message>Unable to determine service/operation name to be authorized</Message>\n</AccessDeniedException>\n";
const UNKNOWN_XML = "<UnknownOperationException/>\n";
const KNOWN = "Kinesis_20131202.ListStreams";

interface ExpectedResponse {
  readonly status: number;
  readonly contentType?: string;
  readonly body: string | Uint8Array;
}

/** A map with the one entry `__type` in CBOR. */
function cborType(type: string): Uint8Array {
  const text = Buffer.from(type);
  const head = text.length < 24 ? [0x60 + text.length] : [0x78, text.length];
  return Buffer.concat([Buffer.of(0xa1, 0x66), Buffer.from("__type"), Buffer.from(head), text]);
}

function json(type: string): string {
  return `{"__type":"${type}"}`;
}

function plain(type: string): string {
  return `{"Output":{"__type":"com.amazon.coral.service#${type}"},"Version":"1.0"}`;
}

function headers(contentType: string | undefined, target: string | undefined): IncomingHttpHeaders {
  return {
    ...(contentType === undefined ? {} : { "content-type": contentType }),
    ...(target === undefined ? {} : { "x-amz-target": target }),
  };
}

type Row = readonly [
  title: string,
  method: string,
  contentType: string | undefined,
  target: string | undefined,
  body: string,
  response: ExpectedResponse,
];

const table: readonly Row[] = [
  ["a GET", "GET", JSON11, KNOWN, "{}", { status: 403, body: UNAUTHORIZABLE }],
  ["a PUT with nothing", "PUT", undefined, undefined, "", { status: 403, body: UNAUTHORIZABLE }],
  [
    "an empty body",
    "POST",
    JSON11,
    KNOWN,
    "",
    { status: 400, contentType: JSON11, body: json("SerializationException") },
  ],
  [
    "an empty body for an unknown operation",
    "POST",
    JSON11,
    "Kinesis_20131202.Other",
    "",
    { status: 400, contentType: JSON11, body: json("UnknownOperationException") },
  ],
  [
    "an empty body without a target",
    "POST",
    `${JSON11}; charset=utf-8`,
    undefined,
    "",
    { status: 400, contentType: JSON11, body: json("UnknownOperationException") },
  ],
  [
    "an empty CBOR body",
    "POST",
    CBOR11,
    KNOWN,
    "",
    { status: 400, contentType: CBOR11, body: cborType("SerializationException") },
  ],
  [
    "an empty body without a content type",
    "POST",
    undefined,
    KNOWN,
    "",
    { status: 400, contentType: CBOR11, body: cborType("SerializationException") },
  ],
  [
    "an empty body without anything",
    "POST",
    undefined,
    undefined,
    "",
    { status: 400, contentType: CBOR11, body: cborType("UnknownOperationException") },
  ],
  [
    "an empty body of plain JSON",
    "POST",
    "application/json",
    KNOWN,
    "",
    { status: 400, contentType: CBOR11, body: cborType("SerializationException") },
  ],
  [
    "an odd content type without a target",
    "POST",
    "text/plain",
    undefined,
    "{}",
    { status: 403, body: UNAUTHORIZABLE },
  ],
  [
    "an odd content type with half a target",
    "POST",
    "text/plain",
    "Kinesis_20131202.",
    "{}",
    { status: 403, body: UNAUTHORIZABLE },
  ],
  [
    "an odd content type with the other half",
    "POST",
    "text/plain",
    ".ListStreams",
    "{}",
    { status: 403, body: UNAUTHORIZABLE },
  ],
  ["an odd content type with a known target", "POST", "text/plain", KNOWN, "{}", { status: 404, body: UNKNOWN_XML }],
  ["an odd content type with an unknown target", "POST", undefined, "a.b", "{}", { status: 404, body: UNKNOWN_XML }],
  ["JSON 1.0", "POST", "application/x-amz-json-1.0", KNOWN, "{}", { status: 404, body: UNKNOWN_XML }],
  ["a longer content type", "POST", `${JSON11}asdf`, KNOWN, "{}", { status: 404, body: UNKNOWN_XML }],
  [
    "a body that is not JSON",
    "POST",
    JSON11,
    KNOWN,
    "hello",
    { status: 400, contentType: JSON11, body: json("SerializationException") },
  ],
  [
    "a body that is not JSON for an unknown operation",
    "POST",
    JSON11,
    "a.b",
    "hello",
    { status: 400, contentType: JSON11, body: json("SerializationException") },
  ],
  [
    "a body that is null",
    "POST",
    JSON11,
    KNOWN,
    "null",
    { status: 400, contentType: JSON11, body: json("SerializationException") },
  ],
  [
    "a body that is a string",
    "POST",
    JSON11,
    KNOWN,
    '"hello"',
    { status: 400, contentType: JSON11, body: json("SerializationException") },
  ],
  [
    "plain JSON that does not parse",
    "POST",
    "application/json",
    KNOWN,
    "{",
    { status: 400, contentType: "application/json", body: plain("SerializationException") },
  ],
  [
    "plain JSON that is null",
    "POST",
    "application/json",
    undefined,
    "null",
    { status: 400, contentType: "application/json", body: plain("SerializationException") },
  ],
  [
    "plain JSON that parses",
    "POST",
    " application/json ;charset=utf-8",
    KNOWN,
    "{}",
    { status: 404, contentType: "application/json", body: plain("UnknownOperationException") },
  ],
  [
    "an unknown operation",
    "POST",
    JSON11,
    "Kinesis_20131202.Other",
    "{}",
    { status: 400, contentType: JSON11, body: json("UnknownOperationException") },
  ],
  [
    "an unknown service",
    "POST",
    JSON11,
    "Kinesis_20111202.ListStreams",
    "{}",
    { status: 400, contentType: JSON11, body: json("UnknownOperationException") },
  ],
  [
    "no target",
    "POST",
    JSON11,
    undefined,
    "{}",
    { status: 400, contentType: JSON11, body: json("UnknownOperationException") },
  ],
  [
    "an operation named like a method of objects",
    "POST",
    JSON11,
    "Kinesis_20131202.constructor",
    "{}",
    { status: 400, contentType: JSON11, body: json("UnknownOperationException") },
  ],
];

for (const [title, method, contentType, target, body, response] of table) {
  test(`routeRequest() refuses ${title} as the service does`, () => {
    const decision = routeRequest({ method, headers: headers(contentType, target), body: Buffer.from(body) });
    assert.equal(decision.kind, "response");
    assert.equal(decision.status, response.status);
    assert.equal(decision.contentType, response.contentType);
    assert.deepEqual(Buffer.from(decision.body), Buffer.from(response.body));
  });
}

test("routeRequest() finds each of the 57 operations", () => {
  for (const name of operationNames) {
    const body = Buffer.from('{"Limit":1}');
    const decision = routeRequest({
      method: "POST",
      headers: headers(`${JSON11};a=b`, `Kinesis_20131202.${name}`),
      body,
    });
    assert.equal(decision.kind, "operation");
    assert.equal(decision.name, name);
    assert.equal(decision.codec.contentType, JSON11);
    decision.parsed[Symbol.dispose]();
  }
});

test("routeRequest() gives a CBOR client its operation, and refuses its malformed bodies in CBOR", () => {
  const decision = routeRequest({ method: "POST", headers: headers(CBOR11, KNOWN), body: Buffer.of(0xbf, 0xff) });
  assert.equal(decision.kind, "operation");
  assert.equal(decision.name, "ListStreams");
  assert.equal(decision.codec.contentType, CBOR11);
  for (const body of [Buffer.from("{}"), Buffer.of(0xa0, 0xa0), Buffer.of(0xbf)]) {
    const refusal = routeRequest({ method: "POST", headers: headers(CBOR11, KNOWN), body });
    assert.equal(refusal.kind, "response");
    assert.equal(refusal.status, 400);
    assert.equal(refusal.contentType, CBOR11);
    assert.deepEqual(Buffer.from(refusal.body), cborType("SerializationException"));
  }
  const unknown = routeRequest({
    method: "POST",
    headers: headers(CBOR11, "Kinesis_20131202.Other"),
    body: Buffer.of(0xa0),
  });
  assert.equal(unknown.kind, "response");
  assert.deepEqual(Buffer.from(unknown.body), cborType("UnknownOperationException"));
});
