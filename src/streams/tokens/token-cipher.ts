import assert from "node:assert/strict";
import { ENCRYPTION_OVERHEAD_BYTES, SessionCipher } from "../../cipher/session-cipher.ts";

/*
 * A token, in base64, 152 + 16k bytes like AWS's own:
 *
 *   header 8 = 00 00 00 00 00 00 00 01 | boot id 16 | counter 8 | AES-256-GCM ciphertext 104 + 16k | tag 16
 *
 * The clear text is: kind 1 | payload length 2 | payload | zeros. What follows the header is what `SessionCipher` makes of
 * it under the token key, with the boot as the session; header and boot id are authenticated too.
 */
const HEADER = Buffer.from("0000000000000001", "hex");
const BOOT_ID_BYTES = 16;
const AUTHENTICATED_BYTES = HEADER.length + BOOT_ID_BYTES;
const OVERHEAD_BYTES = HEADER.length + ENCRYPTION_OVERHEAD_BYTES;
const CLEAR_BYTES_MIN = 104;
const CLEAR_HEADER_BYTES = 3;
const BLOCK_BYTES = 16;

/** Most payload bytes; a shard token with the longest names and a filter has about 700. */
const PAYLOAD_BYTES_MAX = 4096;
/** Most base64 characters of a token, ten double quotes around it included. */
const TOKEN_CHARACTERS_MAX =
  Math.ceil((OVERHEAD_BYTES + CLEAR_HEADER_BYTES + PAYLOAD_BYTES_MAX + BLOCK_BYTES) / 3) * 4 + 10;

export type TokenKind = "iterator" | "shards" | "streams" | "consumers" | "channels" | "queues";

// These numbers never change: tokens outlive a restart.
const KIND_NUMBERS: Readonly<Record<TokenKind, number>> = {
  iterator: 1,
  shards: 2,
  streams: 3,
  consumers: 4,
  channels: 5,
  queues: 6,
};

/** Encrypts tokens, so that clients can neither read nor forge them. Tokens of earlier boots stay valid. */
export class TokenCipher {
  readonly #cipher: SessionCipher;
  /** Header and boot id of this boot's tokens. */
  readonly #authenticated: Buffer;

  /** `tokenKey`: the 32 bytes of `loadTokenKey`. `bootId`: 16 bytes that no other start of a server has used. */
  constructor({ tokenKey, bootId }: { readonly tokenKey: Uint8Array; readonly bootId: Uint8Array }) {
    this.#cipher = new SessionCipher({ rootKey: tokenKey, session: bootId, purpose: "millrace token" });
    this.#authenticated = Buffer.concat([HEADER, bootId]);
  }

  encrypt(kind: TokenKind, payload: Uint8Array): string {
    assert(payload.length <= PAYLOAD_BYTES_MAX, "a token's payload is short");
    const overMin = Math.max(0, CLEAR_HEADER_BYTES + payload.length - CLEAR_BYTES_MIN);
    const clear = Buffer.allocUnsafe(CLEAR_BYTES_MIN + Math.ceil(overMin / BLOCK_BYTES) * BLOCK_BYTES);
    clear[0] = KIND_NUMBERS[kind];
    clear.writeUInt16BE(payload.length, 1);
    clear.set(payload, CLEAR_HEADER_BYTES);
    clear.fill(0, CLEAR_HEADER_BYTES + payload.length);

    const token = Buffer.allocUnsafe(OVERHEAD_BYTES + clear.length);
    token.set(HEADER);
    this.#cipher.encryptInto(token, HEADER.length, clear, this.#authenticated);
    return token.toString("base64");
  }

  /** The payload; undefined for anything else than a token of this kind under the same token key. */
  decrypt(kind: TokenKind, text: string): Buffer | undefined {
    const token = bytesOf(text);
    if (token === undefined) return undefined;
    const clear = this.#cipher.decrypt(token.subarray(HEADER.length), token.subarray(0, AUTHENTICATED_BYTES));
    if (clear?.[0] !== KIND_NUMBERS[kind]) return undefined;
    return clear.subarray(CLEAR_HEADER_BYTES, CLEAR_HEADER_BYTES + clear.readUInt16BE(1));
  }
}

/** AWS accepts a token in extra double quotes, which shell scripts tend to leave around it. */
function bytesOf(text: string): Buffer | undefined {
  if (text.length > TOKEN_CHARACTERS_MAX) return undefined;
  let [start, end] = [0, text.length];
  while (text[start] === '"') start++;
  while (end > start && text[end - 1] === '"') end--;
  const base64 = text.slice(start, end);
  const token = Buffer.from(base64, "base64");
  const clearBytes = token.length - OVERHEAD_BYTES;
  if (clearBytes < CLEAR_BYTES_MIN || (clearBytes - CLEAR_BYTES_MIN) % BLOCK_BYTES !== 0) return undefined;
  if (token.toString("base64") !== base64 || !token.subarray(0, HEADER.length).equals(HEADER)) return undefined;
  return token;
}
