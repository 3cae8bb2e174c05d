import {
  appendsRefused,
  appendsResumed,
  backgroundTaskFailed,
  certificateReloaded,
  connectionCut,
  connectionsEvicted,
  connectionsRefused,
  credentialsExposed,
  credentialsReloaded,
  directoryLockLost,
  hotShardFound,
  masterKeyMade,
  metricsExported,
  requestFailed,
  requestFinished,
  requestRefused,
  serverFault,
  streamScaled,
  walStopped,
} from "./diagnostic-events.ts";
import { parseTraceparent } from "./traceparent.ts";

/** From the most to the fewest lines. */
const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

export type LogFields = Readonly<Record<string, unknown>>;

/** Writes log lines: start, stop, failures. Facts of single requests are metrics, not lines. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** `json`: one object per line, with the field names of OpenTelemetry. `text`: for a terminal. */
  readonly format: "json" | "text";
  /** Called with one line at a time, with its newline. */
  readonly write: (line: string) => void;
  readonly nowMs: () => number;
}

// A failure of every request must not fill the disk.
const linesPerSecondMax = 50;

export function createLogger({ level, format, write, nowMs }: LoggerOptions): Logger {
  const lowest = logLevels.indexOf(level);
  let second = 0;
  let lineCount = 0;
  let droppedCount = 0;

  const print = (lineLevel: LogLevel, message: string, fields: LogFields): void => {
    const line = { timeMs: nowMs(), level: lineLevel, message, fields };
    write(format === "json" ? jsonLine(line) : textLine(line));
  };
  const log = (lineLevel: LogLevel, message: string, fields: LogFields = {}): void => {
    if (logLevels.indexOf(lineLevel) < lowest) return;
    const now = Math.floor(nowMs() / 1000);
    if (now !== second) {
      if (droppedCount > 0)
        print("warn", "log lines dropped, more than the limit of one second", { count: droppedCount });
      second = now;
      lineCount = 0;
      droppedCount = 0;
    }
    if (++lineCount > linesPerSecondMax) droppedCount++;
    else print(lineLevel, message, fields);
  };
  return {
    debug: (message, fields) => log("debug", message, fields),
    info: (message, fields) => log("info", message, fields),
    warn: (message, fields) => log("warn", message, fields),
    error: (message, fields) => log("error", message, fields),
  };
}

/**
 * Logs the diagnostic events: failures and reloads, and at `debug` every request. `streamName` names the stream with an id,
 * if there is one. Returns a function that stops it.
 */
export function logDiagnosticEvents(
  log: Logger,
  level: LogLevel,
  streamName: (streamId: string) => string | undefined = () => undefined,
): () => void {
  const unsubscribe = [
    ...logStorageEvents(log, streamName),
    requestFailed.subscribe(({ operation, error, traceparent }) =>
      log.error("request failed with an internal error, its client got InternalFailure", {
        operation,
        error,
        traceparent,
      }),
    ),
    backgroundTaskFailed.subscribe(({ streamName, intent, error }) =>
      log.error("background task of a stream failed, it is retried", { streamName, intent, error }),
    ),
    streamScaled.subscribe((scaled) => log.info("stream scaled by its traffic", { ...scaled })),
    hotShardFound.subscribe((hot) =>
      log.warn("hot shard: it takes more than half of what a shard may, and more than its part of the stream", {
        ...hot,
      }),
    ),
    masterKeyMade.subscribe((made) =>
      log.warn(
        "master key created: without its keyring file, data encrypted under it is lost; keep a copy of the file",
        {
          ...made,
        },
      ),
    ),
    credentialsReloaded.subscribe(({ problems, ...reload }) =>
      problems === undefined
        ? log.info("credentials reloaded", reload)
        : log.error("credentials file refused, the credentials loaded before stay in force", { ...reload, problems }),
    ),
    credentialsExposed.subscribe((file) =>
      log.warn("credentials file is readable by every user of this machine, restrict its permissions (chmod 600)", {
        ...file,
      }),
    ),
    certificateReloaded.subscribe(({ path, error }) =>
      error === undefined
        ? log.info("TLS certificate reloaded", { path })
        : log.error("TLS files refused, the certificate loaded before stays in use", { path, error }),
    ),
    connectionsEvicted.subscribe((evicted) =>
      log.warn("connections closed to make room for others, their peer had most", { ...evicted }),
    ),
    connectionsRefused.subscribe((refused) =>
      log.warn("connections refused, as many as the limit are open", { ...refused }),
    ),
    metricsExported.subscribe(({ endpoint, reason, isChange }) => {
      if (!isChange) return;
      if (reason === undefined) log.info("metrics are exported again", { endpoint });
      else log.warn("metrics cannot be exported, it is tried again at each interval", { endpoint, reason });
    }),
    serverFault.subscribe(({ where, error }) =>
      log.error(`internal error in ${where}, its connection was closed`, { error }),
    ),
  ];
  if (level === "debug") {
    unsubscribe.push(
      requestFinished.subscribe((request) => log.debug("request", { ...request })),
      requestRefused.subscribe(({ reason }) => log.debug("request refused before the API", { reason })),
      connectionCut.subscribe(({ reason }) => log.debug("connection closed by a limit", { reason })),
    );
  }
  return () => {
    for (const stop of unsubscribe) stop();
  };
}

/** Logs what keeps the engine from storing. Returns functions that stop it. */
function logStorageEvents(log: Logger, streamName: (streamId: string) => string | undefined): readonly (() => void)[] {
  return [
    appendsRefused.subscribe(({ cause, sentence, refusedCount, largestStreams }) => {
      const why = cause === "disk_budget" ? "the disk budget is used up" : "the disk is full";
      const streams = largestStreams.map(({ streamId, bytes }) => ({ stream: streamName(streamId) ?? "-", bytes }));
      log.error(`puts are refused because ${why}`, { reason: sentence, refusedCount, largestStreams: streams });
    }),
    appendsResumed.subscribe(({ refusedCount }) => log.info("puts are stored again", { refusedCount })),
    walStopped.subscribe(({ error }) =>
      log.error("the write-ahead log has stopped, nothing is stored until the server is restarted", { error }),
    ),
    directoryLockLost.subscribe(({ directory }) =>
      log.error(
        "lock of the data directory lost, this server stores nothing any more: stop all servers on it, start one",
        {
          directory,
        },
      ),
    ),
  ];
}

interface LogLine {
  readonly timeMs: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** SeverityNumber of the log data model of OpenTelemetry. */
const severityNumbers: Readonly<Record<LogLevel, number>> = { debug: 5, info: 9, warn: 13, error: 17, silent: 0 };

/**
 * The fields of OpenTelemetry's log data model, those of the trace as its page "Trace Context in non-OTLP Log Formats" names
 * them, and an error by its semantic conventions for exceptions.
 */
function jsonLine({ timeMs, level, message, fields }: LogLine): string {
  const { error, traceparent, ...rest } = fields;
  const line = {
    timestamp: new Date(timeMs).toISOString(),
    severity_text: level.toUpperCase(),
    severity_number: severityNumbers[level],
    body: message,
    ...traceOf(traceparent),
    attributes: { ...rest, ...exceptionOf(error) },
  };
  return `${JSON.stringify(line, (_key, value: unknown) => plainValue(value))}\n`;
}

function textLine({ timeMs, level, message, fields }: LogLine): string {
  const { error, traceparent, ...rest } = fields;
  const time = new Date(timeMs).toISOString().slice(11, 23);
  const pairs = Object.entries({ ...rest, ...traceOf(traceparent) }).map(
    ([name, value]) => ` ${name}=${JSON.stringify(plainValue(value))}`,
  );
  const stack = error === undefined ? "" : `\n${stackOf(error)}`;
  return `${time} ${level.padEnd(5)} ${message}${pairs.join("")}${stack}\n`;
}

/** The ids of a `traceparent` header; nothing where it is absent or has no valid form. */
function traceOf(traceparent: unknown): Readonly<Record<string, string>> {
  const trace = typeof traceparent === "string" ? parseTraceparent(traceparent) : undefined;
  return trace === undefined ? {} : { trace_id: trace.traceId, span_id: trace.spanId, trace_flags: trace.flags };
}

function exceptionOf(error: unknown): Readonly<Record<string, string>> {
  if (error === undefined) return {};
  if (!(error instanceof Error)) return { "exception.message": String(error) };
  const { name, message } = error;
  return { "exception.type": name, "exception.message": message, "exception.stacktrace": stackOf(error) };
}

/** With the errors that caused it. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\nCaused by: ${stackOf(error.cause)}`;
}

/** A value that JSON can represent. */
function plainValue(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  return value instanceof Error ? stackOf(value) : value;
}
