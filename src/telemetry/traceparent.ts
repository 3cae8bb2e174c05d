/** What a client's tracer calls the request. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits: the span of the client that sent the request. */
  readonly spanId: string;
  /** 2 hexadecimal digits. */
  readonly flags: string;
}

const zeros = /^0+$/;

/**
 * The `traceparent` header as W3C Trace Context defines it. Undefined if it has another form, or an id of zeros. A version
 * above 00 may have more behind the flags, after a hyphen.
 */
export function parseTraceparent(header: string): TraceContext | undefined {
  if (header.length > charsMax) return undefined;
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(header);
  const [, version, traceId = "", spanId = "", flags = "", more] = match ?? [];
  if (version === undefined || version === "ff" || (version === "00" && more !== undefined)) return undefined;
  return zeros.test(traceId) || zeros.test(spanId) ? undefined : { traceId, spanId, flags };
}

/** Those of version 00, and some for later ones. */
const charsMax = 512;
