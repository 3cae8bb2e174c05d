import type { IncomingHttpHeaders } from "node:http";

/** The head of a POST to `/` with a body of known length. */
export interface OrdinaryHead {
  /** Lower-case names. */
  readonly headers: IncomingHttpHeaders;
  /** Offset of the body in the bytes. */
  readonly bodyStart: number;
  readonly bodyBytes: number;
}

const requestLine = Buffer.from("POST / HTTP/1.1\r\n", "latin1");
const headBytesMax = 8 * 1024;
const headerCountMax = 64;

const [carriageReturn, lineFeed, space, colon, tilde] = [0x0d, 0x0a, 0x20, 0x3a, 0x7e];
/** 1 for the bytes that names of headers have in practice; a name may have others, which are not ordinary. */
const isNameByte = new Uint8Array(256);
for (const byte of Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-")) isNameByte[byte] = 1;

/**
 * Names that SDKs send, each at the place of its length and last letter, so that no text is made and looked up for each of
 * them in each request.
 */
const usualNames: (string | undefined)[] = new Array(1024).fill(undefined);
for (const name of [
  ...["accept", "accept-encoding", "amz-sdk-invocation-id", "amz-sdk-request", "authorization", "connection"],
  ...["content-length", "content-type", "date", "host", "traceparent", "user-agent", "x-amz-content-sha256"],
  ...["x-amz-date", "x-amz-security-token", "x-amz-target", "x-amz-user-agent", "x-amzn-query-mode"],
]) {
  usualNames[placeOf(name, 0, name.length)] = name;
}

function placeOf(text: string, start: number, end: number): number {
  return (((end - start) & 31) << 5) | (text.charCodeAt(end - 1) & 31);
}

/** In ASCII, letters differ by it from their capitals; digits and the hyphen have it. */
const lowerCaseBit = 0x20;

/** Headers that change how the connection or the body is read, or that node:http treats in a way of its own. */
const unusualNames: ReadonlySet<string> = new Set([
  "expect",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "set-cookie",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
const plainLength = /^[1-9][0-9]{0,8}$/;

/**
 * Reads the head that SDKs send: `POST / HTTP/1.1`, each header once as `Name: value` in printable ASCII, one Content-Length.
 * Undefined for every other head, valid or not, and for one that is incomplete: node:http decides on those. A head that is
 * read here is read by node:http with the same result (test/property/http1).
 */
export function readOrdinaryHead(bytes: Buffer): OrdinaryHead | undefined {
  const { length } = requestLine;
  if (bytes.length < length || requestLine.compare(bytes, 0, length) !== 0) return undefined;
  let at = length;
  let count = 0;
  while (bytes[at] !== carriageReturn) {
    const nameEnd = endOfName(bytes, at);
    if (count === headerCountMax || bytes[nameEnd] !== colon || bytes[nameEnd + 1] !== space) return undefined;
    const valueStart = nameEnd + 2;
    const valueEnd = endOfValue(bytes, valueStart);
    if (valueEnd === valueStart || bytes[valueEnd + 1] !== lineFeed) return undefined;
    if (bytes[valueStart] === space || bytes[valueEnd - 1] === space) return undefined;
    nameStarts[count] = at;
    nameEnds[count] = nameEnd;
    valueEnds[count] = valueEnd;
    count++;
    at = valueEnd + 2;
  }
  if (bytes[at + 1] !== lineFeed) return undefined;
  const headers = headersOf(bytes.toString("latin1", 0, at), count);
  return headers === undefined ? undefined : headOf(headers, at + 2);
}

// Offsets of the head that is being read.
const nameStarts = new Uint16Array(headerCountMax);
const nameEnds = new Uint16Array(headerCountMax);
const valueEnds = new Uint16Array(headerCountMax);

function headersOf(text: string, count: number): Record<string, string> | undefined {
  const headers: Record<string, string> = {};
  for (let index = 0; index < count; index++) {
    const nameEnd = nameEnds[index] as number;
    const name = nameIn(text, nameStarts[index] as number, nameEnd);
    // The names that each object has, such as `constructor`, are refused with the repeated ones.
    if (headers[name] !== undefined || unusualNames.has(name)) return undefined;
    headers[name] = text.slice(nameEnd + 2, valueEnds[index]);
  }
  return headers;
}

/** In lower case. */
function nameIn(text: string, start: number, end: number): string {
  const usual = usualNames[placeOf(text, start, end)];
  return usual !== undefined && isAt(text, start, end, usual) ? usual : text.slice(start, end).toLowerCase();
}

function isAt(text: string, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false;
  for (let at = 0; at < name.length; at++) {
    if ((text.charCodeAt(start + at) | lowerCaseBit) !== name.charCodeAt(at)) return false;
  }
  return true;
}

/** Offset of the first byte that is none of a name; -1 if there is no name. */
function endOfName(bytes: Buffer, start: number): number {
  const end = Math.min(bytes.length, headBytesMax);
  let at = start;
  while (at < end && isNameByte[bytes[at] as number] === 1) at++;
  return at === start ? -1 : at;
}

/** Offset of the CR behind printable ASCII; `start` if another byte comes first, or the head is too long. */
function endOfValue(bytes: Buffer, start: number): number {
  const end = Math.min(bytes.length, headBytesMax);
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === carriageReturn) return at;
    if (byte < space || byte > tilde) return start;
  }
  return start;
}

function headOf(headers: Record<string, string>, bodyStart: number): OrdinaryHead | undefined {
  const { host, connection, "content-length": length } = headers;
  if (host === undefined || length === undefined || !plainLength.test(length)) return undefined;
  if (connection !== undefined && connection.toLowerCase() !== "keep-alive") return undefined;
  return { headers, bodyStart, bodyBytes: Number(length) };
}
