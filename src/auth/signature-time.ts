import {
  signatureDateMalformed,
  signatureExpired,
  signatureExpiryMalformed,
  signatureNotYetCurrent,
} from "../model/auth-errors.ts";

/** How far a client's clock may be off, in both directions; SigV4 of this service. */
const skewMsMax = 5 * 60_000;

/** Longest life of a signature in a query, in seconds: IAM User Guide, "Authentication methods", X-Amz-Expires. */
const expirySecondsMax = 7 * 24 * 3600;

/**
 * How long a signature in a query holds after its date, in milliseconds: its X-Amz-Expires in seconds, else as long as one in
 * a header. Errors: IncompleteSignatureException for anything but a whole number from 1 to 604800.
 */
export function signatureLifeMs(expires: string | undefined): number {
  if (expires === undefined) return skewMsMax;
  const seconds = /^[0-9]{1,6}$/.test(expires) ? Number(expires) : 0;
  if (seconds < 1 || seconds > expirySecondsMax) throw signatureExpiryMalformed(expires);
  return seconds * 1000;
}

/**
 * The time of a signature in the basic form that is signed, `YYYYMMDDTHHMMSSZ`: at most `lifeMs` before now and five minutes
 * after it. A `Date` header may be an HTTP date instead.
 *
 * Errors: IncompleteSignatureException for what is no time, InvalidSignatureException for one too early or too late.
 */
export function checkSignatureTime(text: string, nowMs: number, lifeMs = skewMsMax): string {
  const { signedMs, signed } = known?.text === text ? known : parse(text);
  // The texts below have whole seconds, and so has what they say.
  const secondMs = Math.floor(nowMs / 1000) * 1000;
  if (signedMs < secondMs - lifeMs) {
    throw signatureExpired({ signed, oldest: basicTime(secondMs - lifeMs), now: basicTime(secondMs), lifeMs });
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
