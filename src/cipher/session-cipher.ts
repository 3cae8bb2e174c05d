import assert from "node:assert/strict";
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from "node:crypto";
import { freeBuffer } from "../platform/free-buffer.ts";

/*
 * Encrypted bytes:
 *
 *   session id 16 | counter 8, big-endian | AES-256-GCM ciphertext, as long as the clear text | tag 16
 *
 * The key of a session is HKDF-SHA-256 of the root key with the session's id; the nonce is four zero bytes and the counter.
 * A session ends with its process and its id is random, so no restart, restored copy or second server derives the same key,
 * and within a session no counter is used twice. A random nonce under the root key itself would be limited to 2^32 messages;
 * a counter under it would have to survive every crash.
 */
const SESSION_BYTES = 16;
const COUNTER_BYTES = 8;
const COUNTER_OFFSET = SESSION_BYTES;
/** Session id and counter come before it. */
export const CIPHERTEXT_OFFSET = SESSION_BYTES + COUNTER_BYTES;
const TAG_BYTES = 16;
const NONCE_BYTES = 12;
const KEY_BYTES = 32;

/** Bytes that encryption adds. */
export const ENCRYPTION_OVERHEAD_BYTES = CIPHERTEXT_OFFSET + TAG_BYTES;

/** Derived keys kept in memory: each restart since the oldest record began a session. */
const SESSION_KEYS_MAX = 256;

export interface SessionCipherOptions {
  /** 32 secret bytes. */
  readonly rootKey: Uint8Array;
  /** 16 bytes that no other process has used with this root key: random ones. */
  readonly session: Uint8Array;
  /** Separates keys that are derived from one root key for different uses. */
  readonly purpose: string;
}

/**
 * Encrypts and authenticates bytes under a root key, in a session of its own; decrypts those of every session of that key.
 * `additionalData` is authenticated with the bytes and not stored: they decrypt only with the same.
 */
export class SessionCipher {
  readonly #rootKey: Uint8Array;
  readonly #purpose: Buffer;
  readonly #key: KeyObject;
  readonly #keys = new Map<string, KeyObject>();
  /** The first bytes of all encrypted ones: session id and counter. */
  readonly #header = new Uint8Array(CIPHERTEXT_OFFSET);
  readonly #headerView = new DataView(this.#header.buffer);
  readonly #nonce = new Uint8Array(NONCE_BYTES);
  readonly #nonceView = new DataView(this.#nonce.buffer);
  #counter = 0;

  constructor({ rootKey, session, purpose }: SessionCipherOptions) {
    assert(rootKey.length === KEY_BYTES, "a root key has 32 bytes");
    assert(session.length === SESSION_BYTES, "a session's id has 16 bytes");
    this.#rootKey = Uint8Array.from(rootKey);
    this.#purpose = Buffer.from(purpose);
    this.#header.set(session);
    this.#key = this.#derive(session);
    this.#keys.set(Buffer.from(session).toString("latin1"), this.#key);
  }

  /** Writes `clear.length + ENCRYPTION_OVERHEAD_BYTES` bytes at `at`. */
  encryptInto(target: Uint8Array, at: number, clear: Uint8Array, additionalData: Uint8Array): void {
    this.#nextNonce();
    target.set(this.#header, at);
    const cipher = createCipheriv("aes-256-gcm", this.#key, this.#nonce);
    cipher.setAAD(additionalData);
    const ciphertext = cipher.update(clear);
    target.set(ciphertext, at + CIPHERTEXT_OFFSET);
    freeBuffer(ciphertext);
    cipher.final();
    target.set(cipher.getAuthTag(), at + CIPHERTEXT_OFFSET + clear.length);
  }

  encrypt(clear: Uint8Array, additionalData: Uint8Array): Buffer {
    const encrypted = Buffer.allocUnsafe(clear.length + ENCRYPTION_OVERHEAD_BYTES);
    this.encryptInto(encrypted, 0, clear, additionalData);
    return encrypted;
  }

  /** Undefined unless the bytes were encrypted under this root key and purpose, with this `additionalData`, exactly so. */
  decrypt(encrypted: Uint8Array, additionalData: Uint8Array): Buffer | undefined {
    if (encrypted.length < ENCRYPTION_OVERHEAD_BYTES) return undefined;
    const bytes = Buffer.from(encrypted.buffer, encrypted.byteOffset, encrypted.length);
    const nonce = Buffer.alloc(NONCE_BYTES);
    bytes.copy(nonce, NONCE_BYTES - COUNTER_BYTES, COUNTER_OFFSET, CIPHERTEXT_OFFSET);
    const decipher = createDecipheriv("aes-256-gcm", this.#keyOf(bytes.subarray(0, SESSION_BYTES)), nonce);
    decipher.setAAD(additionalData);
    const tagOffset = bytes.length - TAG_BYTES;
    decipher.setAuthTag(bytes.subarray(tagOffset));
    const clear = decipher.update(bytes.subarray(CIPHERTEXT_OFFSET, tagOffset));
    try {
      decipher.final();
      return clear;
    } catch {
      return undefined;
    }
  }

  /** Two 32-bit words in place of one BigInt, which is slower. */
  #nextNonce(): void {
    assert(this.#counter < Number.MAX_SAFE_INTEGER, "a session encrypts fewer than 2^53 times");
    const high = Math.floor(this.#counter / 2 ** 32);
    const low = this.#counter % 2 ** 32;
    this.#counter += 1;
    this.#headerView.setUint32(COUNTER_OFFSET, high);
    this.#headerView.setUint32(COUNTER_OFFSET + 4, low);
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
