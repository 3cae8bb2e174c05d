import assert from "node:assert/strict";
import { test } from "node:test";
import { readFaultRules } from "../../../../src/server/dev/fault-rule.ts";

const throttle = { operation: "PutRecords", error: "ProvisionedThroughputExceededException" };

test("readFaultRules() takes rules with each of their members", () => {
  const rules = [
    throttle,
    { ...throttle, times: 3, share: 0.5, stream: "orders", delayMs: 20 },
    { ...throttle, records: 0.25 },
    { operation: "GetRecords", delayMs: 0 },
    { operation: "GetRecords", error: "ServiceUnavailable", message: "service" },
    { operation: "ListStreams", error: "InternalFailure", share: 0 },
  ];
  assert.deepEqual(readFaultRules(rules), { rules });
  assert.deepEqual(readFaultRules([]), { rules: [] });
});

const refused: readonly (readonly [body: unknown, problem: RegExp])[] = [
  [{}, /^The body must be a JSON array of rules\.$/],
  [null, /^The body must be a JSON array/],
  [Array.from({ length: 101 }, () => throttle), /^There may be at most 100 rules, not 101\.$/],
  [[throttle, 5], /^Rule 2: it must be a JSON object\.$/],
  [[[]], /^Rule 1: it must be a JSON object\.$/],
  [[{ error: "InternalFailure" }], /^Rule 1: "operation" is missing\.$/],
  [
    [{ ...throttle, operation: "putRecords" }],
    /^Rule 1: "operation" must be the name of an operation, such as PutRecords/,
  ],
  [[{ operation: "PutRecords" }], /^Rule 1: it needs "error", "delayMs" or both\.$/],
  [[{ ...throttle, error: "Oops" }], /^Rule 1: "error" must be one of AccessDeniedException, .+\.$/],
  [[{ ...throttle, times: 0 }], /^Rule 1: "times" must be a whole number from 1 to/],
  [[{ ...throttle, times: 1.5 }], /"times" must be/],
  [[{ ...throttle, share: 1.1 }], /^Rule 1: "share" must be a number from 0 to 1\.$/],
  [[{ ...throttle, share: "1" }], /"share" must be/],
  [[{ ...throttle, stream: "" }], /^Rule 1: "stream" must be the name of a stream\.$/],
  [[{ ...throttle, delayMs: 300_001 }], /^Rule 1: "delayMs" must be .+ from 0 to 300000\.$/],
  [[{ ...throttle, records: -1 }], /^Rule 1: "records" must be a number from 0 to 1\.$/],
  [[{ ...throttle, operation: "PutRecord", records: 1 }], /^Rule 1: "records" is for PutRecords only\.$/],
  [[{ ...throttle, error: "LimitExceededException", records: 1 }], /^Rule 1: with "records", "error" must be one of/],
  [[{ operation: "PutRecords", delayMs: 5, records: 1 }], /^Rule 1: with "records", "error" must be one of/],
  [[{ ...throttle, message: "Slow down" }], /^Rule 1: "message" must be "service"\.$/],
  [[{ operation: "GetRecords", delayMs: 5, message: "service" }], /^Rule 1: "message" is for rules with an "error"\.$/],
  [[{ ...throttle, records: 0.5, message: "service" }], /^Rule 1: "message" is not for rules with "records"/],
  [[{ ...throttle, time: 3 }], /^Rule 1: it has no member "time", only operation, error, times/],
  [[JSON.parse('{"__proto__": {}}')], /^Rule 1: it has no member "__proto__"/],
];

for (const [body, problem] of refused) {
  test(`readFaultRules() refuses ${JSON.stringify(body)?.slice(0, 80)}`, () => {
    const read = readFaultRules(body);
    assert("problem" in read);
    assert.match(read.problem, problem);
  });
}
