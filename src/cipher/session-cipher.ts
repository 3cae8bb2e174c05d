import assert from "node:assert/strict";
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from "node:crypto";
import { freeBuffer } from "../platform/free-buffer.ts";

/*
 * Sealed bytes:
 *
 *   session 16 | counter 8, big-endian | AES-256-GCM ciphertext, as long as the clear text | tag 16
 *
 * The key of a session is HKDF-SHA-256 of the root key with the session's id; the nonce is the counter behind four zero
 * bytes. A session ends with its process and its id is random, so no restart, restored copy or second server can come to
 * the same key, and within a session no counter comes twice. A random nonce under the root key itself would meet its bound
 * after 2^32 messages; a counter under it would have to survive every crash.
 */
const SESSION_BYTES = 16;
const COUNTER_BYTES = 8;
const COUNTER_AT = SESSION_BYTES;
const CIPHERTEXT_AT = SESSION_BYTES + COUNTER_BYTES;
const TAG_BYTES = 16;
const NONCE_BYTES = 12;
const KEY_BYTES = 32;

/** What sealing adds. */
export const SEALED_OVERHEAD_BYTES = CIPHERTEXT_AT + TAG_BYTES;

/** Keys of earlier sessions kept ready: each restart since the oldest record began one. */
const SESSION_KEYS_MAX = 256;

export interface SessionCipherOptions {
  /** 32 secret bytes. */
  readonly rootKey: Uint8Array;
  /** 16 bytes that no other process has used with this root key: random ones. */
  readonly session: Uint8Array;
  /** Keeps keys apart that come from one root key for different ends. */
  readonly purpose: string;
}

/** Seals bytes so that nobody without the root key can read, make, change or move them; opens those of every session. */
export class SessionCipher {
  readonly #rootKey: Uint8Array;
  readonly #purpose: Buffer;
  readonly #key: KeyObject;
  readonly #keys = new Map<string, KeyObject>();
  /** The session's id and the counter: what sealed bytes begin with. */
  readonly #head = new Uint8Array(CIPHERTEXT_AT);
  readonly #headView = new DataView(this.#head.buffer);
  readonly #nonce = new Uint8Array(NONCE_BYTES);
  readonly #nonceView = new DataView(this.#nonce.buffer);
  #counter = 0;

  constructor({ rootKey, session, purpose }: SessionCipherOptions) {
    assert(rootKey.length === KEY_BYTES, "a root key has 32 bytes");
    assert(session.length === SESSION_BYTES, "a session's id has 16 bytes");
    this.#rootKey = Uint8Array.from(rootKey);
    this.#purpose = Buffer.from(purpose);
    this.#head.set(session);
    this.#key = this.#derive(session);
    this.#keys.set(Buffer.from(session).toString("latin1"), this.#key);
  }

  /** Writes `clear.length + SEALED_OVERHEAD_BYTES` bytes at `at`; `bound` is what they can only be opened with. */
  sealInto(out: Uint8Array, at: number, clear: Uint8Array, bound: Uint8Array): void {
    this.#count();
    out.set(this.#head, at);
    const cipher = createCipheriv("aes-256-gcm", this.#key, this.#nonce);
    cipher.setAAD(bound);
    const hidden = cipher.update(clear);
    out.set(hidden, at + CIPHERTEXT_AT);
    freeBuffer(hidden);
    cipher.final();
    out.set(cipher.getAuthTag(), at + CIPHERTEXT_AT + clear.length);
  }

  seal(clear: Uint8Array, bound: Uint8Array): Buffer {
    const sealed = Buffer.allocUnsafe(clear.length + SEALED_OVERHEAD_BYTES);
    this.sealInto(sealed, 0, clear, bound);
    return sealed;
  }

  /** Undefined when the bytes were not sealed under this root key and purpose, with these `bound` bytes, exactly so. */
  open(sealed: Uint8Array, bound: Uint8Array): Buffer | undefined {
    if (sealed.length < SEALED_OVERHEAD_BYTES) return undefined;
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length);
    const nonce = Buffer.alloc(NONCE_BYTES);
    bytes.copy(nonce, NONCE_BYTES - COUNTER_BYTES, COUNTER_AT, CIPHERTEXT_AT);
    const decipher = createDecipheriv("aes-256-gcm", this.#keyOf(bytes.subarray(0, SESSION_BYTES)), nonce);
    decipher.setAAD(bound);
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
    const clear = decipher.update(bytes.subarray(CIPHERTEXT_AT, bytes.length - TAG_BYTES));
    try {
      decipher.final();
      return clear;
    } catch {
      return undefined;
    }
  }

  /** A number for the next nonce: a BigInt would cost more than the rest of making it. */
  #count(): void {
    assert(this.#counter < Number.MAX_SAFE_INTEGER, "a session seals fewer than 2^53 times");
    const high = Math.floor(this.#counter / 2 ** 32);
    const low = this.#counter % 2 ** 32;
    this.#counter += 1;
    this.#headView.setUint32(COUNTER_AT, high);
    this.#headView.setUint32(COUNTER_AT + 4, low);
    this.#nonceView.setUint32(NONCE_BYTES - COUNTER_BYTES, high);
    this.#nonceView.setUint32(NONCE_BYTES - COUNTER_BYTES + 4, low);
  }

  #keyOf(session: Buffer): KeyObject {
    const name = session.toString("latin1");
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const key = this.#derive(session);
    if (this.#keys.size >= SESSION_KEYS_MAX) {
      // The first one is this session's own.
      const [, oldest] = this.#keys.keys();
      if (oldest !== undefined) this.#keys.delete(oldest);
    }
    this.#keys.set(name, key);
    return key;
  }

  #derive(session: Uint8Array): KeyObject {
    return createSecretKey(Buffer.from(hkdfSync("sha256", this.#rootKey, session, this.#purpose, KEY_BYTES)));
  }
}
