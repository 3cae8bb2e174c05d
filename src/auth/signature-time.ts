import { signatureDateMalformed, signatureExpired, signatureNotYetCurrent } from "../model/auth-errors.ts";

/** How far a client's clock may be off, in both directions; SigV4 of this service. */
const skewMsMax = 5 * 60_000;

/**
 * The time of a signature in the basic form that is signed, `YYYYMMDDTHHMMSSZ`, within five minutes of now. A `Date`
 * header may be an HTTP date instead.
 *
 * Errors: IncompleteSignatureException for what is no time, InvalidSignatureException for one too early or too late.
 */
export function checkSignatureTime(text: string, nowMs: number): string {
  const { signedMs, signed } = known?.text === text ? known : parse(text);
  // The texts below have whole seconds, and so has what they say.
  const secondMs = Math.floor(nowMs / 1000) * 1000;
  if (signedMs < secondMs - skewMsMax) {
    throw signatureExpired({ signed, oldest: basicTime(secondMs - skewMsMax), now: basicTime(secondMs) });
  }
  if (signedMs > secondMs + skewMsMax) {
    throw signatureNotYetCurrent({ signed, newest: basicTime(secondMs + skewMsMax), now: basicTime(secondMs) });
  }
  return signed;
}

/** The last one: signatures have whole seconds, so those of busy clients share their time. */
let known: ParsedTime | undefined;

interface ParsedTime {
  readonly text: string;
  readonly signedMs: number;
  /** In the basic form. */
  readonly signed: string;
}

function parse(text: string): ParsedTime {
  const signedMs = parseTime(text);
  if (signedMs === undefined) throw signatureDateMalformed(text);
  const parsed = { text, signedMs, signed: basicTime(signedMs) };
  known = parsed;
  return parsed;
}

export function basicTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
}

function parseTime(text: string): number | undefined {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  if (year !== undefined) {
    const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
    // The 31st of February parses too.
    return !Number.isNaN(ms) && basicTime(ms) === text ? ms : undefined;
  }
  const isHttpDate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text);
  const ms = isHttpDate ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
