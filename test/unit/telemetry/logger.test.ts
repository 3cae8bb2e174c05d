import assert from "node:assert/strict";
import { test } from "node:test";
import {
  backgroundTaskFailed,
  connectionsRefused,
  requestFinished,
  serverFault,
} from "../../../src/telemetry/diagnostic-events.ts";
import { createLogger, type LoggerOptions, logDiagnosticEvents } from "../../../src/telemetry/logger.ts";

const noonMs = Date.UTC(2026, 10, 21, 12);

function collecting(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const log = createLogger({
    level: "info",
    format: "json",
    write: (line) => lines.push(line),
    nowMs: () => noonMs,
    ...options,
  });
  return { lines, log };
}

test("a JSON line has time, level, message and fields", () => {
  const { lines, log } = collecting();
  log.info("ready", { port: 4567, position: 5n });
  assert.equal(
    lines[0],
    '{"time":"2026-11-21T12:00:00.000Z","level":"info","message":"ready","port":4567,"position":"5"}\n',
  );
});

test("a text line is for a person", () => {
  const { lines, log } = collecting({ format: "text" });
  log.warn("slow disk", { ms: 80, file: "a b" });
  assert.equal(lines[0], '12:00:00.000 warn  slow disk ms=80 file="a b"\n');
});

test("levels below the chosen one are not written, and silent writes nothing", () => {
  const { lines, log } = collecting({ level: "warn" });
  log.debug("a");
  log.info("b");
  log.warn("c");
  log.error("d");
  assert.equal(lines.length, 2);
  const silent = collecting({ level: "silent" });
  silent.log.error("e");
  assert.equal(silent.lines.length, 0);
});

test("an error is written with its stack and its cause", () => {
  const error = new Error("outer", { cause: new TypeError("inner") });
  const json = collecting();
  json.log.error("failed", { error });
  const line = JSON.parse(json.lines[0] ?? "") as {
    error: { message: string; stack: string; cause: { name: string } };
  };
  assert.equal(line.error.message, "outer");
  assert.equal(line.error.cause.name, "TypeError");
  const text = collecting({ format: "text" });
  text.log.error("failed", { error });
  assert.match(text.lines[0] ?? "", /^12:00:00\.000 error failed\nError: outer\n {4}at /);
});

test("a flood is cut to some lines a second, and says how many were left out", () => {
  let nowMs = noonMs;
  const { lines, log } = collecting({ nowMs: () => nowMs });
  for (let count = 0; count < 1_000; count++) log.error("again");
  assert.equal(lines.length, 50);
  nowMs += 1_000;
  log.info("calm");
  assert.match(lines[50] ?? "", /"log lines dropped, more than the limit of one second","count":950/);
  assert.equal(lines.length, 52);
});

test("faults reach the log through their channels until it is stopped; requests only at debug", () => {
  const { lines, log } = collecting({ level: "debug" });
  const stop = logDiagnosticEvents(log, "debug");
  serverFault.publish({ where: "a test", error: new Error("broken") });
  backgroundTaskFailed.publish({ streamName: "s", intent: "create", error: new Error("broken") });
  requestFinished.publish({ operation: "PutRecord", outcome: "ok", durationMs: 1, requestBytes: 2, responseBytes: 3 });
  assert.equal(lines.length, 3);
  stop();
  serverFault.publish({ where: "a test", error: new Error("broken") });
  assert.equal(lines.length, 3);
  const quiet = collecting();
  const stopQuiet = logDiagnosticEvents(quiet.log, "info");
  requestFinished.publish({ operation: "PutRecord", outcome: "ok", durationMs: 1, requestBytes: 2, responseBytes: 3 });
  assert.equal(quiet.lines.length, 0);
  connectionsRefused.publish({ limit: 10_000, count: 12 });
  assert.match(quiet.lines.join(""), /"connections refused, as many as the limit are open","limit":10000,"count":12}/);
  stopQuiet();
});
