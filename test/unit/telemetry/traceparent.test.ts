import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTraceparent } from "../../../src/telemetry/traceparent.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const spanId = "00f067aa0ba902b7";

test("a traceparent of version 00 has three ids, and one of a later version may have more", () => {
  const found = { traceId, spanId, flags: "01" };
  assert.deepEqual(parseTraceparent(`00-${traceId}-${spanId}-01`), found);
  assert.deepEqual(parseTraceparent(`cc-${traceId}-${spanId}-01`), found);
  assert.deepEqual(parseTraceparent(`cc-${traceId}-${spanId}-01-what-the-future-brings`), found);
});

test("every other form is none", () => {
  const forms = [
    "",
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId}-${spanId}-01-more`,
    `cc-${traceId}-${spanId}-01.more`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${"0".repeat(32)}-${spanId}-01`,
    `00-${traceId}-${"0".repeat(16)}-01`,
    `00-${traceId}-${spanId}-1`,
    `00-${traceId}-${spanId}`,
    ` 00-${traceId}-${spanId}-01`,
    `00-${traceId}-${spanId}-01\n`,
    `cc-${traceId}-${spanId}-01-${"x".repeat(1_000)}`,
  ];
  for (const form of forms) assert.equal(parseTraceparent(form), undefined, form);
});
