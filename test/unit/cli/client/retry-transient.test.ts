import assert from "node:assert/strict";
import { test } from "node:test";
import { isTransient, retryTransient } from "../../../../src/cli/client/retry-transient.ts";

function errorWith(members: object): Error {
  return Object.assign(new Error("text"), members);
}

test("throttling, 5xx and the network are transient; other refusals are not", () => {
  const transient = [
    ...[
      { name: "ProvisionedThroughputExceededException" },
      { name: "LimitExceededException" },
      { code: "ECONNREFUSED" },
    ],
    ...[{ $metadata: { httpStatusCode: 503 } }, { name: "TimeoutError" }],
  ];
  for (const members of transient) assert.equal(isTransient(errorWith(members)), true, JSON.stringify(members));
  const lasting = [{ name: "ResourceNotFoundException", $metadata: { httpStatusCode: 400 } }, { code: "EACCES" }, {}];
  for (const members of lasting) assert.equal(isTransient(errorWith(members)), false, JSON.stringify(members));
  assert.equal(isTransient("text"), false);
});

test("a call is repeated until it works, and not after a refusal or an abort", async () => {
  const signal = new AbortController().signal;
  const onTrouble = () => undefined;
  let calls = 0;
  const flaky = () => (++calls < 3 ? Promise.reject(errorWith({ code: "ECONNRESET" })) : Promise.resolve("done"));
  assert.deepEqual([await retryTransient(flaky, { signal, onTrouble }), calls], ["done", 3]);
  const refused = () => Promise.reject(errorWith({ name: "ResourceNotFoundException" }));
  await assert.rejects(retryTransient(refused, { signal, onTrouble }), { name: "ResourceNotFoundException" });
  const stop = new AbortController();
  const stopping = () => {
    stop.abort();
    return Promise.reject(errorWith({ code: "ECONNRESET" }));
  };
  await assert.rejects(retryTransient(stopping, { signal: stop.signal, onTrouble }), { name: "AbortError" });
});
