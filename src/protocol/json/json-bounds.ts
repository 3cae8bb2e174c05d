import { documentValueCountMax } from "../codec/document-limits.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What a byte outside of strings means, by the byte. */
const NOTHING = 0;
/** A list, an object, or one more value of either. */
const VALUE = 1;
const STRING = 2;
const meanings = new Uint8Array(256);
for (const mark of "[{,") meanings[mark.charCodeAt(0)] = VALUE;
meanings[QUOTE] = STRING;

/** Up to here a loop finds the end of a string faster than a native call. */
const SHORT_STRING_BYTES_MAX = 64;

/**
 * Whether a JSON text has at most `documentValueCountMax` values, found without parsing it: the parser makes an object of
 * each. Each level is a value, and nothing recurses by levels. The text need not be valid. Takes time linear in its length.
 */
export function isWithinJsonBounds(text: Buffer): boolean {
  let valueCount = 1;
  for (let at = 0; at < text.length; at += 1) {
    const meaning = meanings[text[at] as number];
    if (meaning === NOTHING) continue;
    if (meaning === STRING) at = stringEnd(text, at + 1);
    else if (++valueCount > documentValueCountMax) return false;
  }
  return true;
}

/** The offset of the closing quote, or of the end of the text. */
function stringEnd(text: Buffer, start: number): number {
  let at = start;
  for (;;) {
    const loopEnd = Math.min(text.length, at + SHORT_STRING_BYTES_MAX);
    for (; at < loopEnd; at += 1) {
      if (text[at] === QUOTE) return at;
      if (text[at] === BACKSLASH) at += 1;
    }
    const quote = text.indexOf(QUOTE, at);
    if (quote < 0) return text.length;
    if (!isEscaped(text, quote, at)) return quote;
    at = quote + 1;
  }
}

/** Whether an odd number of backslashes precedes a quote; `start` is behind the last whole escape. */
function isEscaped(text: Buffer, quote: number, start: number): boolean {
  let backslashes = quote;
  while (backslashes > start && text[backslashes - 1] === BACKSLASH) backslashes -= 1;
  return (quote - backslashes) % 2 === 1;
}
