import {
  signatureDateMalformed,
  signatureExpired,
  signatureExpiryMalformed,
  signatureNotYetCurrent,
} from "../model/auth-errors.ts";

/** Most difference between the clock of a client and that of the server, in both directions. */
const skewMsMax = 5 * 60_000;

/** Most seconds that a signature in a query is valid: IAM User Guide, "Authentication methods", X-Amz-Expires. */
const expirySecondsMax = 7 * 24 * 3600;

/**
 * How long a signature is valid after its date, in ms: X-Amz-Expires of a query, five minutes otherwise. Errors:
 * IncompleteSignatureException for anything but a whole number from 1 to 604800.
 */
export function signatureLifeMs(expires: string | undefined): number {
  if (expires === undefined) return skewMsMax;
  const seconds = /^[0-9]{1,6}$/.test(expires) ? Number(expires) : 0;
  if (seconds < 1 || seconds > expirySecondsMax) throw signatureExpiryMalformed(expires);
  return seconds * 1000;
}

/**
 * Checks the time of a signature, which is at most `lifeMs` before now and five minutes after it. A `Date` header may be an
 * HTTP date. Returns it in the basic form that is signed, `YYYYMMDDTHHMMSSZ`.
 *
 * Errors: IncompleteSignatureException for anything but a time, InvalidSignatureException outside the window.
 */
export function checkSignatureTime(text: string, nowMs: number, lifeMs = skewMsMax): string {
  const { signedMs, signed } = known?.text === text ? known : parse(text);
  // The error texts have whole seconds.
  const secondMs = Math.floor(nowMs / 1000) * 1000;
  if (signedMs < secondMs - lifeMs) {
    throw signatureExpired({ signed, oldest: basicTime(secondMs - lifeMs), now: basicTime(secondMs), lifeMs });
  }
  if (signedMs > secondMs + skewMsMax) {
    throw signatureNotYetCurrent({ signed, newest: basicTime(secondMs + skewMsMax), now: basicTime(secondMs) });
  }
  return signed;
}

/** The last parsed time: requests within one second share it. */
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

/** `YYYYMMDDTHHMMSSZ` */
export function basicTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
}

function parseTime(text: string): number | undefined {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  if (year !== undefined) {
    const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
    // Date.parse accepts the 31st of February.
    return !Number.isNaN(ms) && basicTime(ms) === text ? ms : undefined;
  }
  const isHttpDate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text);
  const ms = isHttpDate ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
