import { http2Frame, http2Opening } from "../../../support/http2-frame.ts";
import { type Attack, bytesOf, type Target } from "../attack.ts";
import { type Flood, flood } from "../flood.ts";

/** Bytes of each write, and connections that write at the same time. */
const writeBytes = 256 * 1024;
const connectionCount = 64;

const repeated = (bytes: Buffer): Buffer =>
  Buffer.concat(Array.from({ length: Math.max(1, Math.floor(writeBytes / bytes.length)) }, () => bytes));

function attackOf(name: string, floods: (target: Target) => readonly Flood[]): Attack {
  return {
    name: `a flood of ${name}`,
    async run(target, signal) {
      await flood(target.port, floods(target), { connectionCount, signal });
      return [];
    },
  };
}

const host = { host: "127.0.0.1" };
const health = bytesOf({ method: "GET", url: "/health", headers: host, body: Buffer.alloc(0) });
/** As an SDK sends it, but not signed. */
const unsigned = bytesOf({
  method: "POST",
  url: "/",
  headers: { ...host, "content-type": "application/x-amz-json-1.1", "x-amz-target": "Kinesis_20131202.ListStreams" },
  body: Buffer.from("{}"),
});
const manyHeaders = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`a${index}`, "b"]));
const headOfManyHeaders = bytesOf({
  method: "GET",
  url: "/",
  headers: { ...host, ...manyHeaders },
  body: Buffer.alloc(0),
});
const headOfLongHeader = bytesOf({
  method: "GET",
  url: "/",
  headers: { ...host, a: "b".repeat(30_000) },
  body: Buffer.alloc(0),
});
/** A head whose last header has no name. */
const headWithBadEnd = Buffer.concat([headOfManyHeaders.subarray(0, -2), Buffer.from(": b\r\n\r\n")]);

const http1Floods = [
  attackOf("pipelined small requests", () => [{ next: () => repeated(health) }, { next: () => repeated(unsigned) }]),
  attackOf("heads of many headers", () => [{ next: () => repeated(headOfManyHeaders) }]),
  attackOf("heads of one long header", () => [{ next: () => repeated(headOfLongHeader) }]),
  attackOf("heads that are refused at their end", () => [{ next: () => headWithBadEnd }]),
];

const [typeHeaders, typeReset, typeSettings, typePing, typeWindowUpdate, typeContinuation] = [1, 3, 4, 6, 8, 9];
const typeUnknown = 0x20;
const endStream = 1;
const endHeaders = 4;

/** A header in HPACK, literal and not indexed, with a name of less than 127 bytes. */
function literal(name: string, value: string): Buffer {
  const bytes: number[] = [0, name.length, ...Buffer.from(name)];
  let rest = value.length;
  if (rest < 127) bytes.push(rest);
  else {
    bytes.push(127);
    for (rest -= 127; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
    bytes.push(rest);
  }
  return Buffer.concat([Buffer.from(bytes), Buffer.from(value)]);
}

/** `GET /` over http by the static table, and an authority. */
const request = Buffer.concat([Buffer.from([0x82, 0x86, 0x84]), literal(":authority", "127.0.0.1")]);
const longRequest = Buffer.concat([request, ...["a", "b", "c"].map((name) => literal(name, "x".repeat(5_000)))]);

/** Streams of a client, some with each write. */
const streamsOf = (makeFrames: (stream: number) => Buffer): Flood => {
  const count = Math.max(1, Math.floor(writeBytes / makeFrames(1).length));
  return {
    opening: http2Opening,
    next: (round) =>
      Buffer.concat(Array.from({ length: count }, (_, index) => makeFrames((round * count + index) * 2 + 1))),
  };
};
const http2Frames = (bytes: Buffer): Flood => {
  const all = repeated(bytes);
  return { opening: http2Opening, next: () => all };
};

const http2Floods = [
  attackOf("requests over HTTP/2", () => [
    streamsOf((stream) => http2Frame(typeHeaders, endStream + endHeaders, stream, request)),
  ]),
  attackOf("long headers over HTTP/2", () => [
    streamsOf((stream) => http2Frame(typeHeaders, endStream + endHeaders, stream, longRequest)),
  ]),
  attackOf("cancelled streams over HTTP/2", () => [
    streamsOf((stream) => {
      const cancelled = http2Frame(typeReset, 0, stream, Buffer.from([0, 0, 0, 8]));
      return Buffer.concat([http2Frame(typeHeaders, endHeaders, stream, request), cancelled]);
    }),
  ]),
  attackOf("control frames over HTTP/2", () => [
    http2Frames(http2Frame(typeWindowUpdate, 0, 0, Buffer.from([0, 0, 0, 1]))),
    http2Frames(http2Frame(typeUnknown, 0, 0)),
    http2Frames(http2Frame(typePing, 0, 0, Buffer.alloc(8))),
    http2Frames(http2Frame(typeSettings, 0, 0, Buffer.from([0, 3, 0, 0, 1, 0]))),
    {
      opening: Buffer.concat([http2Opening, http2Frame(typeHeaders, endStream, 1, request)]),
      next: () => repeated(http2Frame(typeContinuation, 0, 1, literal("a", "b".repeat(100)))),
    },
  ]),
];

export const floods: readonly Attack[] = [...http1Floods, ...http2Floods];
