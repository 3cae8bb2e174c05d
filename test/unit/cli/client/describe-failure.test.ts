import assert from "node:assert/strict";
import { test } from "node:test";
import { describeFailure } from "../../../../src/cli/client/describe-failure.ts";
import { CommandError } from "../../../../src/cli/output/command-error.ts";

function errorWith(members: object, message = "text"): Error {
  return Object.assign(new Error(message), members);
}

test("what the user can change is one sentence with exit code 2", () => {
  const place = "http://host:1";
  const sentences = [
    new CommandError("plain"),
    errorWith({ code: "ECONNREFUSED" }),
    new AggregateError([errorWith({ code: "ENOTFOUND" })]),
    errorWith({ cause: errorWith({ code: "SELF_SIGNED_CERT_IN_CHAIN" }) }),
    errorWith({ name: "ResourceNotFoundException", $metadata: {} }, "no stream"),
    errorWith({ code: "EACCES" }, "EACCES: permission denied, open 'x'"),
    errorWith({ name: "EngineError", cause: errorWith({ code: "ECONNREFUSED" }) }, "no NATS server answers"),
  ].map((error) => describeFailure(error, place));
  assert.deepEqual(
    sentences.map(({ exitCode }) => exitCode),
    [2, 2, 2, 2, 2, 2, 2],
  );
  assert.deepEqual(
    sentences.map(({ text }) => text.replace(/;.*/, "")),
    [
      "plain",
      "no answer from http://host:1: nothing listens there",
      "no answer from http://host:1: the host name is not known",
      "no answer from http://host:1: its certificate is not trusted (SELF_SIGNED_CERT_IN_CHAIN)",
      "ResourceNotFoundException: no stream (http://host:1)",
      "EACCES: permission denied, open 'x'",
      "no NATS server answers",
    ],
  );
});

test("a bug has exit code 3, and one line that says where", () => {
  const { text, exitCode } = describeFailure(new TypeError("x is undefined"), undefined);
  assert.equal(exitCode, 3);
  assert.match(
    text,
    /^internal error, a bug in Millrace; please report it: TypeError: x is undefined at .*:\d+:\d+\)?$/,
  );
  assert.equal(describeFailure("thrown text", undefined).exitCode, 3);
});
