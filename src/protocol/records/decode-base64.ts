import { wrongType } from "../../model/request-errors.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Bytes that base64 of this length and padding decodes to, if it is well formed. */
export function decodedLength(text: string): number {
  return text.length < 4 ? 0 : (text.length >>> 2) * 3 - paddingOf(text);
}

/**
 * Decodes standard base64 into `out` at `at`. False unless the text is base64 in the strictest form: padded, nothing
 * but the alphabet, no bits left over. If false, `out` holds rubbish from `at` on.
 */
export function decodeBase64Into(text: string, out: Buffer, at: number): boolean {
  const { length } = text;
  if (length === 0) return true;
  if ((length & 3) !== 0) return false;
  const padding = paddingOf(text);
  if (padding > 0) {
    const lastValue = ALPHABET.indexOf(text.charAt(length - padding - 1));
    if ((lastValue & (padding === 1 ? 0b11 : 0b1111)) !== 0) return false;
  }
  // Node's decoder skips unknown characters, so that one shows as a missing byte; but it also takes the URL alphabet, and
  // only the low byte of a character beyond Latin-1.
  return (
    out.write(text, at, "base64") === (length >>> 2) * 3 - padding &&
    !text.includes("-") &&
    !text.includes("_") &&
    Buffer.byteLength(text) === length
  );
}

/** The bytes, or the SerializationException that names what is wrong with the text. */
export function decodeBase64(text: string): Buffer {
  const bytes = Buffer.allocUnsafe(decodedLength(text));
  if (decodeBase64Into(text, bytes, 0)) return bytes;
  throw wrongType(`'${text}' can not be converted to a Blob: ${faultOf(text)}`);
}

function faultOf(text: string): string {
  if (text.length % 4 !== 0) {
    return `Base64 encoded length is expected a multiple of 4 bytes but found: ${text.length}`;
  }
  const end = text.length - paddingOf(text);
  for (let at = 0; at < end; at += 1) {
    const character = text.charAt(at);
    if (!ALPHABET.includes(character)) return `Invalid Base64 character: '${character}'`;
  }
  // The spelling is the service's.
  return "Invalid last non-pad Base64 character dectected";
}

function paddingOf(text: string): number {
  const { length } = text;
  if (length === 0 || text.charCodeAt(length - 1) !== 0x3d) return 0;
  return text.charCodeAt(length - 2) === 0x3d ? 2 : 1;
}
