import assert from "node:assert/strict";
import { test } from "node:test";
import {
  backgroundTaskFailed,
  connectionsRefused,
  requestFailed,
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

test("a JSON line has the fields of OpenTelemetry's log data model", () => {
  const { lines, log } = collecting();
  log.info("ready", { port: 4567, position: 5n });
  assert.equal(
    lines[0],
    '{"timestamp":"2026-11-21T12:00:00.000Z","severity_text":"INFO","severity_number":9,"body":"ready","attributes":{"port":4567,"position":"5"}}\n',
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
  const { attributes } = JSON.parse(json.lines[0] ?? "") as { attributes: Readonly<Record<string, string>> };
  assert.equal(attributes["exception.type"], "Error");
  assert.equal(attributes["exception.message"], "outer");
  assert.match(
    attributes["exception.stacktrace"] ?? "",
    /^Error: outer\n {4}at [\s\S]*\nCaused by: TypeError: inner\n {4}at /,
  );
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
  assert.match(lines[50] ?? "", /"log lines dropped, more than the limit of one second","attributes":{"count":950}/);
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
  assert.match(
    quiet.lines.join(""),
    /"connections refused, as many as the limit are open","attributes":{"limit":10000,"count":12}}/,
  );
  stopQuiet();
});

test("the lines of a request have the ids of its traceparent, and a header of another form is left out", () => {
  const { lines, log } = collecting({ level: "debug" });
  const stop = logDiagnosticEvents(log, "debug");
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const request = { operation: "PutRecord", outcome: "ok", durationMs: 1, requestBytes: 2, responseBytes: 3 };
  requestFinished.publish({ ...request, traceparent });
  requestFailed.publish({ operation: "PutRecord", error: new Error("broken"), traceparent });
  requestFinished.publish({ ...request, traceparent: "hostile\u0000" });
  requestFinished.publish({ ...request, traceparent: [traceparent] });
  stop();
  const ids = lines.map((line) => {
    const { trace_id, span_id, trace_flags, attributes } = JSON.parse(line) as Record<string, unknown>;
    assert.equal("traceparent" in (attributes as object), false);
    return [trace_id, span_id, trace_flags];
  });
  const own = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "01"];
  assert.deepEqual(ids, [own, own, [undefined, undefined, undefined], [undefined, undefined, undefined]]);
});
