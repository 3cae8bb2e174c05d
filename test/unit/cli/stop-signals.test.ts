import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { forceExitAfterMs, StopSignals } from "../../../src/cli/stop-signals.ts";

function listening() {
  const process = new EventEmitter();
  let nowMs = 0;
  let givenUp = 0;
  const signals = new StopSignals(
    process,
    () => givenUp++,
    () => nowMs,
  );
  const send = (signal: "SIGTERM" | "SIGINT", afterMs = 0) => {
    nowMs += afterMs;
    process.emit(signal, signal);
    return givenUp;
  };
  return { signals, send };
}

test("StopSignals stops at the first SIGTERM and ignores every further one", async () => {
  const { signals, send } = listening();
  assert.equal(send("SIGTERM"), 0);
  await signals.stopped;
  assert.equal(send("SIGTERM"), 0);
  assert.equal(send("SIGTERM", 10 * forceExitAfterMs), 0);
});

test("StopSignals takes two SIGINTs at once for one key press and a later one for impatience", async () => {
  const { signals, send } = listening();
  assert.equal(send("SIGINT"), 0);
  await signals.stopped;
  assert.equal(send("SIGINT", forceExitAfterMs), 0);
  assert.equal(send("SIGINT", 1), 1);
});
