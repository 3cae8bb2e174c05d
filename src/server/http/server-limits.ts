/** Every bound of a listener. Tests shorten the times; production uses the defaults. */
export interface ServerLimits {
  readonly connectionCountMax: number;
  /** What connections and their requests take besides bodies and responses, as estimated by `ConnectionBudget`. */
  readonly connectionBytesMax: number;
  /** From the accepted connection to enough bytes to distinguish TLS, HTTP/2 and HTTP/1.1. */
  readonly detectMsMax: number;
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
  /** Up to here a body is read, and may be parsed, before its request is authenticated. */
  readonly smallBodyBytesMax: number;
  /** Bodies of HTTP/1.1 and HTTP/2 together; a full budget stops reading. */
  readonly requestBytesInFlightMax: number;
  /** Bodies of one IPv4 address or IPv6 network of 64 bits. */
  readonly peerRequestBytesInFlightMax: number;
  readonly sessionRequestBytesInFlightMax: number;
  /** What large bodies leave to those of at most `smallBodyBytesMax`. */
  readonly smallBodyReserveBytes: number;
  /** What all HTTP/2 streams that wait for the budget may receive, and those of one session; further ones are refused. */
  readonly unreadStreamBytesMax: number;
  readonly sessionUnreadStreamBytesMax: number;
  /** While others wait for the budget, a body that is slower than this over `bodyRateWindowMs` is cut, the slowest first. */
  readonly contendedBodyBytesPerSecondMin: number;
  readonly bodyRateWindowMs: number;
  /** Bytes of a refused body that are still read, so that a client that writes before it reads gets its 413. */
  readonly discardBytesMax: number;
  /** Requests of one HTTP/1.1 connection that are handled at the same time, or wait to be sent; those behind them are read later. */
  readonly pipelinedStartedCountMax: number;
  /**
   * Heads of HTTP/1.1 that are parsed in one tick of the event loop, besides the first of each connection: a client that sends
   * many at once does not delay the others.
   */
  readonly headBytesPerTickMax: number;
  /** Connections whose further heads wait for another tick that go on in one tick. */
  readonly resumedPerTickMax: number;
  /** Responses that are being made or not yet sent, of all connections together. */
  readonly responseBytesInFlightMax: number;
  /** Responses of one IPv4 address or IPv6 network of 64 bits. */
  readonly peerResponseBytesInFlightMax: number;
  /** While memory is short large responses are made smaller, down to this; then they wait to be made. */
  readonly responseBytesMin: number;
  /** What large responses leave to smaller ones than `responseBytesMin`. */
  readonly smallResponseReserveBytes: number;
  /** Large responses that are read and made at the same time: one may turn out larger than what it was granted. */
  readonly responsesMadeAtOnceMax: number;
  /** Unsent responses of one HTTP/1.1 connection above which its next request is not started. */
  readonly pipelinedResponseBytesMax: number;
  /** As `pipelinedResponseBytesMax`, for the streams of one HTTP/2 session. */
  readonly sessionResponseBytesMax: number;
  /** Large responses that are made in one tick of the event loop: one, where it has this many bytes. */
  readonly encodedBytesPerTickMax: number;
  /** While memory for responses is short, one that is not sent in this time and that of the rate is cut. */
  readonly unsentMsMax: number;
  readonly unsentBytesPerSecondMin: number;
  readonly streamCountMax: number;
  readonly streamWindowBytes: number;
  readonly sessionWindowBytes: number;
  readonly frameBytesMax: number;
  readonly sessionMemoryMiBMax: number;
  /** What one HTTP/2 session and the heads of its requests take: room for `streamCountMax` signed ones. Further streams are refused. */
  readonly sessionHeadBytesMax: number;
  /** Streams that one session may cancel without a response within `resetWindowMs` (the "rapid reset" attack). */
  readonly resetCountMax: number;
  readonly resetWindowMs: number;
  /** At drain: the longest pause of a body that is being received. */
  readonly drainBodyIdleMsMax: number;
  /** At drain: the time that a client has to close a connection without open exchanges. */
  readonly drainLingerMs: number;
  /** Interval of the checks of the limits above. */
  readonly timeoutCheckMs: number;
}

const kib = 1024;
const mib = 1024 * kib;

/** The longest body of an operation other than PutRecord and PutRecords: the longest member, NextToken, has 1 MiB. */
export const plainBodyBytesMax = 1 * mib + 64 * kib;

/** Segments, WAL files and what else the server opens besides connections; of few files, most. */
const otherFileCountMax = 640;
const otherFilePartMax = 5 / 8;

/** Connections that leave enough of the files that the process may open, so that clients cannot keep the log from being written. */
export function connectionCountMaxFor(openFileCountMax: number): number {
  const others = Math.min(otherFileCountMax, Math.ceil(openFileCountMax * otherFilePartMax));
  return Math.min(defaultServerLimits.connectionCountMax, openFileCountMax - others);
}

/** A smaller response over HTTP/1.1 counts only where others of its connection are unsent, so not more than one of them is uncounted. */
export const largeResponseBytesMin = 32 * kib;

export const defaultServerLimits: ServerLimits = {
  connectionCountMax: 10_000,
  connectionBytesMax: 256 * mib,
  detectMsMax: 10_000,
  tlsHandshakeMsMax: 10_000,
  headersMsMax: 30_000,
  headerBytesMax: 32 * kib,
  requestMsMax: 300_000,
  bodyIdleMsMax: 30_000,
  stallMsMax: 120_000,
  keepAliveMs: 75_000,
  requestBytesMax: 16 * mib,
  smallBodyBytesMax: 64 * kib,
  requestBytesInFlightMax: 64 * mib,
  peerRequestBytesInFlightMax: 48 * mib,
  sessionRequestBytesInFlightMax: 32 * mib,
  smallBodyReserveBytes: 16 * mib,
  unreadStreamBytesMax: 16 * mib,
  sessionUnreadStreamBytesMax: 8 * mib,
  contendedBodyBytesPerSecondMin: 128 * kib,
  bodyRateWindowMs: 2_000,
  discardBytesMax: 64 * mib,
  pipelinedStartedCountMax: 16,
  headBytesPerTickMax: 256 * kib,
  resumedPerTickMax: 8,
  responseBytesInFlightMax: 160 * mib,
  peerResponseBytesInFlightMax: 128 * mib,
  responseBytesMin: 256 * kib,
  smallResponseReserveBytes: 8 * mib,
  responsesMadeAtOnceMax: 4,
  pipelinedResponseBytesMax: 1 * mib,
  sessionResponseBytesMax: 64 * mib,
  encodedBytesPerTickMax: 1 * mib,
  unsentMsMax: 2_000,
  unsentBytesPerSecondMin: 256 * kib,
  streamCountMax: 256,
  streamWindowBytes: 256 * kib,
  sessionWindowBytes: 4 * mib,
  frameBytesMax: 256 * kib,
  sessionMemoryMiBMax: 128,
  sessionHeadBytesMax: 6 * mib,
  resetCountMax: 500,
  resetWindowMs: 10_000,
  drainBodyIdleMsMax: 500,
  drainLingerMs: 250,
  timeoutCheckMs: 1_000,
};

/** The limits of a port that serves operators alone. */
export const adminServerLimits: Partial<ServerLimits> = { connectionCountMax: 128, connectionBytesMax: 16 * mib };
