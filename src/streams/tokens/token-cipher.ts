import assert from "node:assert/strict";
import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";

/*
 * A token, in base64, 152 + 16k bytes like AWS's own:
 *
 *   header 8 = 00 00 00 00 00 00 00 01 | boot id 16 | counter 8 | AES-256-GCM ciphertext 104 + 16k | tag 16
 *
 * The clear text is: kind 1 | payload length 2 | payload | zeros. The key is derived from the token key and the boot id by
 * HKDF, and the counter is the nonce: it never repeats within one boot.
 */
const HEADER = Buffer.from("0000000000000001", "hex");
const BOOT_ID_BYTES = 16;
const COUNTER_BYTES = 8;
const TAG_BYTES = 16;
const COUNTER_AT = HEADER.length + BOOT_ID_BYTES;
const CIPHERTEXT_AT = COUNTER_AT + COUNTER_BYTES;
const CLEAR_BYTES_MIN = 104;
const CLEAR_HEADER_BYTES = 3;
const BLOCK_BYTES = 16;

/** Most payload bytes; a shard token with the longest names and a filter has about 700. */
const PAYLOAD_BYTES_MAX = 4096;
/** Most base64 characters of a token, ten double quotes around it included. */
const TOKEN_CHARACTERS_MAX =
  Math.ceil((CIPHERTEXT_AT + CLEAR_HEADER_BYTES + PAYLOAD_BYTES_MAX + BLOCK_BYTES + TAG_BYTES) / 3) * 4 + 10;

/** Most derived keys in the cache. */
const BOOT_KEYS_MAX = 64;
/** Iterators in each half of the cache of those that were made or read last: some 0.5 KB each. */
const RECENT_ITERATORS_MAX = 2048;

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
  readonly #tokenKey: Uint8Array;
  readonly #bootId: Uint8Array;
  readonly #key: Buffer;
  readonly #earlierKeys = new Map<string, Buffer>();
  #counter = 0n;
  // A reader hands back the iterator that it was given last, or the same one again: most are read without a decryption.
  // Their clear text is kept as a string of one byte a character: memory of its own, which costs less than a buffer's.
  #recent = new Map<string, string>();
  #lessRecent = new Map<string, string>();

  /** `tokenKey`: the 32 bytes of `loadTokenKey`. `bootId`: 16 bytes that no other start of a server has used. */
  constructor(options: { readonly tokenKey: Uint8Array; readonly bootId: Uint8Array }) {
    assert(options.tokenKey.length === 32, "the token key has 32 bytes");
    assert(options.bootId.length === BOOT_ID_BYTES, `a boot id has ${BOOT_ID_BYTES} bytes`);
    this.#tokenKey = options.tokenKey;
    this.#bootId = options.bootId;
    this.#key = deriveKey(options.tokenKey, options.bootId);
  }

  encrypt(kind: TokenKind, payload: Uint8Array): string {
    assert(payload.length <= PAYLOAD_BYTES_MAX, "a token's payload is short");
    const overMin = Math.max(0, CLEAR_HEADER_BYTES + payload.length - CLEAR_BYTES_MIN);
    const clear = Buffer.allocUnsafe(CLEAR_BYTES_MIN + Math.ceil(overMin / BLOCK_BYTES) * BLOCK_BYTES);
    clear[0] = KIND_NUMBERS[kind];
    clear.writeUInt16BE(payload.length, 1);
    clear.set(payload, CLEAR_HEADER_BYTES);
    clear.fill(0, CLEAR_HEADER_BYTES + payload.length);

    const token = Buffer.allocUnsafe(CIPHERTEXT_AT + clear.length + TAG_BYTES);
    token.set(HEADER);
    token.set(this.#bootId, HEADER.length);
    this.#counter += 1n;
    token.writeBigUInt64BE(this.#counter, COUNTER_AT);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonceOf(token));
    cipher.setAAD(token.subarray(0, COUNTER_AT));
    token.set(cipher.update(clear), CIPHERTEXT_AT);
    cipher.final();
    token.set(cipher.getAuthTag(), CIPHERTEXT_AT + clear.length);
    const text = token.toString("base64");
    if (kind === "iterator") this.#remember(text, clear);
    return text;
  }

  /** The payload, to be read only; undefined for anything else than a token of this kind under the same token key. */
  decrypt(kind: TokenKind, text: string): Uint8Array | undefined {
    const kept = this.#recent.get(text) ?? this.#lessRecent.get(text);
    const clear = kept === undefined ? this.#clearTextOf(text) : Buffer.from(kept, "latin1");
    if (kept === undefined && clear?.[0] === KIND_NUMBERS.iterator) this.#remember(text, clear);
    if (clear?.[0] !== KIND_NUMBERS[kind]) return undefined;
    return clear.subarray(CLEAR_HEADER_BYTES, CLEAR_HEADER_BYTES + clear.readUInt16BE(1));
  }

  #remember(text: string, clear: Buffer): void {
    if (this.#recent.size >= RECENT_ITERATORS_MAX) {
      this.#lessRecent = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(text, clear.toString("latin1"));
  }

  #clearTextOf(text: string): Buffer | undefined {
    const token = bytesOf(text);
    if (token === undefined) return undefined;
    const tagAt = token.length - TAG_BYTES;
    const bootId = token.subarray(HEADER.length, COUNTER_AT);
    const decipher = createDecipheriv("aes-256-gcm", this.#keyOf(bootId), nonceOf(token), { authTagLength: TAG_BYTES });
    decipher.setAAD(token.subarray(0, COUNTER_AT));
    decipher.setAuthTag(token.subarray(tagAt));
    const clear = decipher.update(token.subarray(CIPHERTEXT_AT, tagAt));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return clear;
  }

  #keyOf(bootId: Buffer): Buffer {
    if (bootId.equals(this.#bootId)) return this.#key;
    const name = bootId.toString("base64");
    const known = this.#earlierKeys.get(name);
    if (known !== undefined) return known;
    const key = deriveKey(this.#tokenKey, bootId);
    // Forged boot ids cannot grow the cache; a key that is dropped is derived again.
    if (this.#earlierKeys.size >= BOOT_KEYS_MAX) this.#earlierKeys.clear();
    this.#earlierKeys.set(name, key);
    return key;
  }
}

function deriveKey(tokenKey: Uint8Array, bootId: Uint8Array): Buffer {
  return Buffer.from(hkdfSync("sha256", tokenKey, bootId, "millrace token", 32));
}

/** AWS accepts a token in extra double quotes, which shell scripts tend to leave around it. */
function bytesOf(text: string): Buffer | undefined {
  if (text.length > TOKEN_CHARACTERS_MAX) return undefined;
  let [start, end] = [0, text.length];
  while (text[start] === '"') start++;
  while (end > start && text[end - 1] === '"') end--;
  const base64 = text.slice(start, end);
  const token = Buffer.from(base64, "base64");
  const clearBytes = token.length - CIPHERTEXT_AT - TAG_BYTES;
  if (clearBytes < CLEAR_BYTES_MIN || (clearBytes - CLEAR_BYTES_MIN) % BLOCK_BYTES !== 0) return undefined;
  if (token.toString("base64") !== base64 || !token.subarray(0, HEADER.length).equals(HEADER)) return undefined;
  return token;
}

function nonceOf(token: Buffer): Buffer {
  const nonce = Buffer.alloc(12);
  token.copy(nonce, nonce.length - COUNTER_BYTES, COUNTER_AT, CIPHERTEXT_AT);
  return nonce;
}
