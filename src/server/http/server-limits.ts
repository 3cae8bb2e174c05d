/** Every bound of the sockets, in one record. Tests shorten the times; nothing else should need to. */
export interface ServerLimits {
  readonly connectionCountMax: number;
  /** From the accepted connection to enough bytes to tell TLS, HTTP/2 and HTTP/1.1 apart. */
  readonly sniffMsMax: number;
  readonly tlsHandshakeMsMax: number;
  /** To the end of the headers; on HTTP/2 to the first request of a session. */
  readonly headersMsMax: number;
  readonly headerBytesMax: number;
  /** To the last byte of the body. */
  readonly requestMsMax: number;
  /** The longest pause between two chunks of a body, not counting pauses that the server asked for. */
  readonly bodyIdleMsMax: number;
  /** The longest time in which a connection with an open request moves no byte either way. */
  readonly stallMsMax: number;
  /** The longest time a connection may stay open without a request. */
  readonly keepAliveMs: number;
  /** 10 MiB of records are 13.4 MiB of base64. */
  readonly requestBytesMax: number;
  /** Bodies of HTTP/1.1 and HTTP/2 together; a full budget stops reading, it refuses nothing. */
  readonly requestBytesInFlightMax: number;
  /** How much of a refused body is still read, so that a client that writes before it reads gets its 413. */
  readonly discardBytesMax: number;
  /** Requests that one HTTP/1.1 connection may have sent ahead of their answers. */
  readonly pipelinedRequestCountMax: number;
  readonly streamCountMax: number;
  readonly streamWindowBytes: number;
  readonly sessionWindowBytes: number;
  readonly frameBytesMax: number;
  readonly sessionMemoryMiBMax: number;
  /** Streams that one session may cancel unanswered within `resetWindowMs` (the "rapid reset" attack). */
  readonly resetCountMax: number;
  readonly resetWindowMs: number;
  /** At drain: the longest pause of a body still on its way. */
  readonly drainBodyIdleMsMax: number;
  /** At drain: how long a finished connection may take to be closed by its client. */
  readonly drainLingerMs: number;
  /** How often the limits above are looked at. */
  readonly sweepMs: number;
}

const kib = 1024;
const mib = 1024 * kib;

export const defaultServerLimits: ServerLimits = {
  connectionCountMax: 10_000,
  sniffMsMax: 10_000,
  tlsHandshakeMsMax: 10_000,
  headersMsMax: 30_000,
  headerBytesMax: 32 * kib,
  requestMsMax: 300_000,
  bodyIdleMsMax: 30_000,
  stallMsMax: 120_000,
  keepAliveMs: 75_000,
  requestBytesMax: 16 * mib,
  requestBytesInFlightMax: 64 * mib,
  discardBytesMax: 64 * mib,
  pipelinedRequestCountMax: 128,
  streamCountMax: 256,
  streamWindowBytes: 1 * mib,
  sessionWindowBytes: 4 * mib,
  frameBytesMax: 256 * kib,
  sessionMemoryMiBMax: 128,
  resetCountMax: 500,
  resetWindowMs: 10_000,
  drainBodyIdleMsMax: 500,
  drainLingerMs: 250,
  sweepMs: 1_000,
};
