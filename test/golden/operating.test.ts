/**
 * docs/operating.md explains each message of the log, each sentence of `/health`, each reason not to open a data directory and
 * each metric, in the words of the source. A code span there is the beginning of a message.
 */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { defaultServerLimits, plainBodyBytesMax } from "../../src/server/http/server-limits.ts";
import { messagesIn } from "../support/source-messages.ts";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/operating.md"), "utf8");
const sources = globSync("src/**/*.ts", { cwd: root })
  .filter((path) => !path.endsWith(".generated.ts"))
  .map((path) => readFileSync(join(root, path), "utf8"));
const messages = new Set(sources.flatMap(messagesIn));

/** Statements of a source whose first text is a message that an operator reads, and the part of the page that explains it. */
const statements = {
  log: /\b(?:log\.(?:debug|info|warn|error)|print)\((?:"\w+",)?\s*(?=["`])/g,
  healthOrStart:
    /(?:\bconst sentence|#lastError|#fault|\bconst warning) =\s*(?=["`])|sentences\.push\(\s*(?=["`])|new (?:DataDirectory|Key)Error\(\s*"\w+",\s*(?=["`])/g,
} as const;

/** Reasons of keys and entries, which follow another sentence; copies, whose commands docs/backups.md explains. */
const explainedElsewhere: readonly RegExp[] = [
  /^The (?:key|wrapped key) (?:was not wrapped|service|is damaged)/,
  /^\{…\} (?:is not a key|has|does not contain)/,
  /^The stream (?:was|changed|is)/,
  /^The data directory \{…\} (?:cannot be copied|changes faster)/,
  /^The target directory /,
  /^An entry of /,
];

test("the operating page explains each message of the log", () => {
  assertExplained(messagesAfter(statements.log), spansIn("Log"));
});

test("the operating page explains each sentence of health and each reason not to start", () => {
  const sentences = messagesAfter(statements.healthOrStart).filter(
    (sentence) => !explainedElsewhere.some((pattern) => pattern.test(sentence)),
  );
  assert(sentences.length > 20, "the sentences are found in the source");
  assertExplained(sentences, [...spansIn("Health"), ...spansIn("When the server does not start")]);
});

test("each message that the operating page explains is one of the source", () => {
  for (const heading of ["Log", "Health", "When the server does not start"]) {
    for (const span of spansIn(heading)) {
      assert(
        [...messages].some((message) => message.startsWith(span)),
        `no message of the source begins with: ${span}`,
      );
    }
  }
});

test("each metric on the operating page is one of the source", () => {
  const text = sources.join("\n");
  for (const [name] of page.matchAll(/\b(?:millrace|process|nodejs)_\w+\b/g)) {
    const [, figure] = /^millrace_(?:engine|server|gateways)_(\w+)$/.exec(name) ?? [];
    const found = text.includes(`"${name}"`) || (figure !== undefined && new RegExp(`\\b${figure}:`).test(text));
    assert(found, `no metric is named ${name}`);
  }
});

test("the bounds of connections and requests on the operating page are those of the listener", () => {
  const limits = defaultServerLimits;
  const count = (value: number): string => value.toLocaleString("en-US");
  const bounds = [
    `connections | ${count(limits.connectionCountMax)}; `,
    `connections and heads of requests | ${limits.connectionBytesMax / 1024 ** 2} MiB together, ${limits.sessionHeadBytesMax / 1024 ** 2} MiB of one HTTP/2 session, as estimated`,
    `first bytes, TLS handshake | ${limits.detectMsMax / 1000} s each`,
    `headers | ${limits.headersMsMax / 1000} s, ${limits.headerBytesMax / 1024} KiB`,
    `body | ${limits.requestBytesMax / 1024 ** 2} MiB, ${limits.requestMsMax / 1000} s in all, ${limits.bodyIdleMsMax / 1000} s `,
    `body of an operation that stores no records | 1 MiB and ${plainBodyBytesMax / 1024 - 1024} KiB`,
    `body that is read and parsed before authentication | ${limits.smallBodyBytesMax / 1024} KiB`,
    `response that moves no byte | ${limits.stallMsMax / 1000} s`,
    `connection without a request | ${limits.keepAliveMs / 1000} s`,
    `| ${limits.pipelinedStartedCountMax} with HTTP/1.1 (those behind them are read later), ${limits.streamCountMax} streams with HTTP/2`,
    `and ${limits.headBytesPerTickMax / 1024} KiB of further ones together`,
    `in which ${limits.resumedPerTickMax} connections go on`,
    `bodies of requests being received | ${limits.requestBytesInFlightMax / 1024 ** 2} MiB together`,
    `session | ${limits.peerRequestBytesInFlightMax / 1024 ** 2} MiB, ${limits.sessionRequestBytesInFlightMax / 1024 ** 2} MiB`,
    `kept for bodies of at most ${limits.smallBodyBytesMax / 1024} KiB | ${limits.smallBodyReserveBytes / 1024 ** 2} MiB`,
    `slower than ${limits.contendedBodyBytesPerSecondMin / 1024} KiB a second`,
    `wait | ${limits.unreadStreamBytesMax / 1024 ** 2} MiB together, ${limits.sessionUnreadStreamBytesMax / 1024 ** 2} MiB of a session`,
  ];
  for (const bound of bounds) assert(page.includes(bound), `docs/operating.md does not say: ${bound}`);
  assert.equal(limits.detectMsMax, limits.tlsHandshakeMsMax);
});

/** The first text of each such statement. */
function messagesAfter(pattern: RegExp): readonly string[] {
  return sources.flatMap((source) =>
    [...source.matchAll(pattern)].flatMap(({ index, 0: statement }) => {
      const literal = source.slice(index + statement.length);
      return messagesIn(`log.info(${literal}`).slice(0, 1);
    }),
  );
}

/** The code spans in the first column of the tables below a heading. */
function spansIn(heading: string): readonly string[] {
  const [, after = ""] = page.split(`\n## ${heading}\n`);
  const [section = ""] = after.split("\n## ");
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  return rows.flatMap((row) => [...(row.split(" | ")[0] ?? "").matchAll(/`([^`]+)`/g)].map(([, span = ""]) => span));
}

function assertExplained(found: readonly string[], spans: readonly string[]): void {
  const missing = found.filter((message) => !spans.some((span) => message.startsWith(span)));
  assert.deepEqual(missing, [], "docs/operating.md has no row for these");
}
