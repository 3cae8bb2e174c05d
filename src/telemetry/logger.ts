import {
  backgroundTaskFailed,
  certificateReloaded,
  connectionCut,
  credentialsExposed,
  credentialsReloaded,
  masterKeyMade,
  requestFailed,
  requestFinished,
  requestRefused,
  serverFault,
} from "./diagnostic-events.ts";

/** From the most to the least said. */
const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

export type LogFields = Readonly<Record<string, unknown>>;

/** A few lines in a server's life: start, stop, and what went wrong. Per-request facts belong into the metrics. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** `json`: one object a line, for collectors. `text`: for a person at a terminal. */
  readonly format: "json" | "text";
  /** Gets whole lines, ended by a newline. */
  readonly write: (line: string) => void;
  readonly nowMs: () => number;
}

// A fault that comes with every request must not fill the disk.
const linesPerSecondMax = 50;

export function createLogger({ level, format, write, nowMs }: LoggerOptions): Logger {
  const lowest = logLevels.indexOf(level);
  let second = 0;
  let lineCount = 0;
  let leftOutCount = 0;

  const print = (lineLevel: LogLevel, message: string, fields: LogFields): void => {
    const line = { timeMs: nowMs(), level: lineLevel, message, fields };
    write(format === "json" ? jsonLine(line) : textLine(line));
  };
  const say = (lineLevel: LogLevel, message: string, fields: LogFields = {}): void => {
    if (logLevels.indexOf(lineLevel) < lowest) return;
    const now = Math.floor(nowMs() / 1000);
    if (now !== second) {
      if (leftOutCount > 0) print("warn", "lines were left out", { count: leftOutCount });
      second = now;
      lineCount = 0;
      leftOutCount = 0;
    }
    if (++lineCount > linesPerSecondMax) leftOutCount++;
    else print(lineLevel, message, fields);
  };
  return {
    debug: (message, fields) => say("debug", message, fields),
    info: (message, fields) => say("info", message, fields),
    warn: (message, fields) => say("warn", message, fields),
    error: (message, fields) => say("error", message, fields),
  };
}

/** Writes what the channels tell about faults, and at `debug` about every request. Returns the way to stop it. */
export function logDiagnosticEvents(log: Logger, level: LogLevel): () => void {
  const unsubscribe = [
    requestFailed.subscribe(({ operation, error }) => log.error("a request failed", { operation, error })),
    backgroundTaskFailed.subscribe(({ streamName, intent, error }) =>
      log.error("work on a stream failed and will be tried again", { streamName, intent, error }),
    ),
    masterKeyMade.subscribe((made) =>
      log.warn("a master key was made: without its keyring nothing sealed under it can be read; keep a copy", {
        ...made,
      }),
    ),
    credentialsReloaded.subscribe(({ problems, ...reload }) =>
      problems === undefined
        ? log.info("credentials were read again", reload)
        : log.error("the credentials file is refused; the earlier credentials stay in force", { ...reload, problems }),
    ),
    credentialsExposed.subscribe((file) =>
      log.warn(
        "every user of this machine may use the credentials file, which holds secrets; take its permissions away",
        {
          ...file,
        },
      ),
    ),
    certificateReloaded.subscribe(({ path, error }) =>
      error === undefined
        ? log.info("the TLS certificate was read again", { path })
        : log.error("the TLS files are refused; the earlier certificate stays in use", { path, error }),
    ),
    serverFault.subscribe(({ where, error }) => log.error(`failure in ${where}`, { error })),
  ];
  if (level === "debug") {
    unsubscribe.push(
      requestFinished.subscribe((request) => log.debug("request", { ...request })),
      requestRefused.subscribe(({ reason }) => log.debug("request refused", { reason })),
      connectionCut.subscribe(({ reason }) => log.debug("connection cut", { reason })),
    );
  }
  return () => {
    for (const stop of unsubscribe) stop();
  };
}

interface LogLine {
  readonly timeMs: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

function jsonLine({ timeMs, level, message, fields }: LogLine): string {
  const line = { time: new Date(timeMs).toISOString(), level, message, ...fields };
  return `${JSON.stringify(line, (_key, value: unknown) => plainValue(value))}\n`;
}

function textLine({ timeMs, level, message, fields }: LogLine): string {
  const { error, ...rest } = fields;
  const time = new Date(timeMs).toISOString().slice(11, 23);
  const pairs = Object.entries(rest).map(([name, value]) => ` ${name}=${JSON.stringify(plainValue(value))}`);
  const stack =
    error === undefined ? "" : `\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  return `${time} ${level.padEnd(5)} ${message}${pairs.join("")}${stack}\n`;
}

/** What JSON cannot say by itself. */
function plainValue(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  return { name, message, stack, ...(cause === undefined ? {} : { cause }) };
}
