/** Streams of bytes that are requests, nearly requests, or attempts to smuggle one. Repeatable by their seed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SeededRandom } from "../../support/seeded-random.ts";
import type { Pieces } from "./read-both-ways.ts";

interface RecordedRequest {
  readonly client: string;
  /** Head and body, a character for each byte. */
  readonly text: string;
}

/** Requests as clients have sent them. */
export const recordedRequests: readonly RecordedRequest[] = JSON.parse(
  readFileSync(join(import.meta.dirname, "recorded-requests.json"), "utf8"),
);

export interface RandomStream {
  readonly pieces: Pieces;
  /** Whether each piece is read before the next one arrives. */
  readonly isSlow: boolean;
}

export function randomStream(seed: number): RandomStream {
  const random = new SeededRandom(seed);
  const count = random.next() < 0.6 ? 1 : random.integer(2, 10);
  const requests = Array.from({ length: count }, () => Buffer.from(randomRequest(random), "latin1"));
  // One after the other, as clients send them, or cut without regard to where they begin.
  const pieces = random.next() < 0.4 ? requests : split(Buffer.concat(requests), random);
  return { pieces, isSlow: random.next() < 0.7 };
}

function randomRequest(random: SeededRandom): string {
  const { text } = pick(recordedRequests, random);
  let changed = text;
  const count = random.next() < 0.55 ? 0 : random.integer(1, 2);
  for (let index = 0; index < count; index++) changed = pick(mutations, random)(changed, random);
  return changed;
}

/** Few pieces mostly, cut where parsers change state: around ends of lines, and between head and body. */
function split(bytes: Buffer, random: SeededRandom): Pieces {
  const cutCount = random.next() < 0.5 ? 0 : random.integer(1, 4);
  const cuts = Array.from({ length: cutCount }, () => {
    const anywhere = random.integer(0, bytes.length);
    const lineEnd = bytes.indexOf("\r\n", anywhere);
    return lineEnd < 0 || random.next() < 0.4 ? anywhere : Math.min(bytes.length, lineEnd + random.integer(0, 4));
  });
  const ends = [...cuts.toSorted((one, other) => one - other), bytes.length];
  const pieces: Buffer[] = [];
  let start = 0;
  for (const end of ends) {
    if (end > start) pieces.push(bytes.subarray(start, end));
    start = Math.max(start, end);
  }
  return pieces;
}

type Mutation = (text: string, random: SeededRandom) => string;

const oddValues = [
  "5, 5",
  "+5",
  "-1",
  "0x5",
  "05",
  "5 ",
  " 5",
  "5\t",
  "5;",
  "1e1",
  "٥",
  "",
  "0",
  "99999999999",
  "9007199254740993",
];
const oddCodings = [
  "chunked",
  "Chunked",
  " chunked",
  "chunked ",
  "xchunked",
  "identity",
  "chunked, identity",
  "\x0bchunked",
  "gzip, chunked",
  '"chunked"',
];
const oddLines = [
  "Expect: 100-continue",
  "Upgrade: h2c",
  "Connection: close",
  "Connection: keep-alive, Upgrade",
  "TE: trailers",
  "Trailer: X",
  "Keep-Alive: timeout=5",
  "Proxy-Connection: keep-alive",
  "Set-Cookie: a=b",
  "Cookie: a=b",
  "constructor: x",
  "__proto__: x",
  "toString: x",
  "X-Empty: ",
  "X-Empty:",
  "X-No-Space:x",
  "X-Tab:\tx",
  "X Space: x",
  "X-Before : x",
  ": x",
  "no colon",
  " folded: x",
  "\tfolded: x",
  "X-Null: a\0b",
  "X-High: \xe9",
  "X-Del: \x7f",
  "X-Lf: a\nb: c",
  "X-Cr: a\rb",
  "Host: other",
  "X_Under: x",
  "X-Two:  x",
  "HTTP2-Settings: AAMAAABkAAQAAP__",
  "Content-Type: text/plain",
  "Authorization: none",
];
const oddStarts = [
  "GET / HTTP/1.1",
  "PUT / HTTP/1.1",
  "POST / HTTP/1.0",
  "POST / HTTP/1.2",
  "POST / HTTP/2.0",
  "POST  / HTTP/1.1",
  "POST / HTTP/1.1 ",
  "post / HTTP/1.1",
  "POST /x HTTP/1.1",
  "POST http://a/ HTTP/1.1",
  "POST * HTTP/1.1",
  "POST / http/1.1",
  "POST /?a=b HTTP/1.1",
  " POST / HTTP/1.1",
  "CONNECT a:1 HTTP/1.1",
  "POST /\t HTTP/1.1",
  "HEAD / HTTP/1.1",
  "POST / HTTP/1.1\r\nX: y\r",
];

const mutations: readonly Mutation[] = [
  (text, random) => insertLine(text, `Content-Length: ${pick(oddValues, random)}`, random),
  (text, random) => insertLine(text, `Transfer-Encoding: ${pick(oddCodings, random)}`, random),
  (text, random) => insertLine(text, pick(oddLines, random), random),
  (text, random) => replaceLength(text, () => pick(oddValues, random)),
  (text, random) => replaceLength(text, (length) => String(Math.max(0, length + random.integer(-3, 3)))),
  (text, random) => text.replace(/^[^\r]*/, pick(oddStarts, random)),
  repeatLine,
  (text, random) =>
    withLine(text, random, (line) => line.replace(": ", pick([":", " : ", ":  ", ":\t", ": \r\n "], random))),
  (text, random) =>
    withLine(text, random, (line) => line + pick([" ", "\t", "\r\n more", "\r\n\tmore", "\n", "\r", "\0"], random)),
  (text, random) => withLine(text, random, (line) => (random.next() < 0.5 ? line.toUpperCase() : line.toLowerCase())),
  (text, random) => replaceSome(text, "\r\n", pick(["\n", "\r", "\r\r\n", "\n\r", "\r\n\r\n", ""], random), random),
  (text, random) => pick(["\r\n", "\n", "\r\n\r\n", " ", "\0"], random) + text,
  (text, random) => text + pick(["\r\n", "\n", "0\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "x"], random),
  (text, random) => insertLine(text, `X-Long: ${"a".repeat(random.integer(4_000, 40_000))}`, random),
  (text, random) =>
    insertLine(
      text,
      Array.from({ length: random.integer(40, 90) }, (_, index) => `X-${index}: y`).join("\r\n"),
      random,
    ),
  changeByte,
  changeByte,
  changeByte,
];

function headLines(text: string): { readonly lines: readonly string[]; readonly rest: string } {
  const end = text.indexOf("\r\n\r\n");
  const head = end < 0 ? text : text.slice(0, end);
  return { lines: head.split("\r\n"), rest: end < 0 ? "" : text.slice(end) };
}

function insertLine(text: string, line: string, random: SeededRandom): string {
  const { lines, rest } = headLines(text);
  return lines.toSpliced(random.integer(1, lines.length), 0, line).join("\r\n") + rest;
}

function withLine(text: string, random: SeededRandom, change: (line: string) => string): string {
  const { lines, rest } = headLines(text);
  const at = random.integer(0, lines.length - 1);
  return lines.with(at, change(lines[at] ?? "")).join("\r\n") + rest;
}

function repeatLine(text: string, random: SeededRandom): string {
  const { lines } = headLines(text);
  return insertLine(text, lines[random.integer(1, Math.max(1, lines.length - 1))] ?? "", random);
}

function replaceLength(text: string, change: (length: number) => string): string {
  return text.replace(
    /^(content-length: )(\d+)/im,
    (_line, name: string, length: string) => name + change(Number(length)),
  );
}

function replaceSome(text: string, wanted: string, replacement: string, random: SeededRandom): string {
  const from = text.indexOf(wanted, random.integer(0, text.length));
  return from < 0 ? text : text.slice(0, from) + replacement + text.slice(from + wanted.length);
}

function changeByte(text: string, random: SeededRandom): string {
  const at = random.integer(0, Math.min(text.length, random.next() < 0.7 ? 700 : text.length));
  const byte = String.fromCharCode(
    random.next() < 0.5 ? random.integer(0, 255) : pick([9, 10, 13, 32, 34, 44, 58, 0, 127], random),
  );
  const kept = random.next();
  return text.slice(0, at) + (kept < 0.66 ? byte : "") + text.slice(kept < 0.33 ? at : at + 1);
}

function pick<T>(values: readonly T[], random: SeededRandom): T {
  return values[random.integer(0, values.length - 1)] as T;
}
