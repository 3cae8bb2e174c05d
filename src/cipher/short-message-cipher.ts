import assert from "node:assert/strict";
import { createCipheriv } from "node:crypto";
import { freeBuffer } from "../platform/free-buffer.ts";
import { hashBlockBytes as blockBytes, GaloisHash } from "./galois-hash.ts";
import { CIPHERTEXT_OFFSET, COUNTER_OFFSET, type SessionCipher } from "./session-cipher.ts";

const blocksMax = 15;
/** Most bytes of a message. */
export const shortMessageBytesMax = blocksMax * blockBytes;
/** Each message has the pad of its tag, then those of its blocks. */
const padBytes = blockBytes + shortMessageBytesMax;
const messagesAtOnce = 32;

/**
 * Encrypts short messages in a session, all bound to the same additional data, as `SessionCipher.encryptInto` does, which also
 * decrypts them. node:crypto takes five calls for a message, which cost four times as much as everything else. Here one call makes
 * the pads of many messages, because their nonces are known beforehand.
 */
export class ShortMessageCipher {
  readonly #session: SessionCipher;
  readonly #aes: ReturnType<typeof createCipheriv>;
  readonly #hash: GaloisHash;
  /** Hash of the additional data. */
  readonly #boundSum: Int32Array;
  /** The blocks of which AES makes the pads: nonce, and number of the block within its message. */
  readonly #nonces = new DataView(new ArrayBuffer(messagesAtOnce * padBytes));
  readonly #pads = new Int32Array((messagesAtOnce * padBytes) / 4);
  /** The first bytes of all encrypted ones: session id and counter. */
  readonly #header = new Uint8Array(CIPHERTEXT_OFFSET);
  readonly #headerView = new DataView(this.#header.buffer);
  readonly #message = new Uint8Array(shortMessageBytesMax);
  readonly #messageWords = new Int32Array(this.#message.buffer);
  readonly #messageView = new DataView(this.#message.buffer);
  /** The last block that is hashed: bits of the additional data and of the message. */
  readonly #lengths = new DataView(new ArrayBuffer(blockBytes));
  readonly #tag = new Uint8Array(blockBytes);
  readonly #tagWords = new Int32Array(this.#tag.buffer);
  readonly #tagView = new DataView(this.#tag.buffer);
  #firstCounter = 0;
  #usedCount = messagesAtOnce;

  constructor(session: SessionCipher, additionalData: Uint8Array) {
    this.#session = session;
    this.#header.set(session.session);
    this.#aes = createCipheriv("aes-256-ecb", session.key, null).setAutoPadding(false);
    const hashKey = this.#aes.update(Buffer.alloc(blockBytes));
    this.#hash = new GaloisHash(new DataView(hashKey.buffer, hashKey.byteOffset, blockBytes));
    const boundBlocks = Math.ceil(additionalData.length / blockBytes);
    const bound = new Uint8Array(boundBlocks * blockBytes);
    bound.set(additionalData);
    this.#hash.add(new DataView(bound.buffer), boundBlocks);
    this.#boundSum = this.#hash.sum.slice();
    this.#lengths.setUint32(4, additionalData.length * 8);
  }

  /** Writes `clear.length + ENCRYPTION_OVERHEAD_BYTES` bytes at `at`. */
  encryptInto(target: Uint8Array, at: number, clear: Uint8Array): void {
    const { length } = clear;
    assert(length <= shortMessageBytesMax, "the message is short");
    if (this.#usedCount === messagesAtOnce) this.#makePads();
    // The pads of this message are used up from here on, whatever happens.
    const used = this.#usedCount++;
    this.#headerView.setUint32(COUNTER_OFFSET, (this.#firstCounter + used) / 2 ** 32);
    this.#headerView.setUint32(COUNTER_OFFSET + 4, this.#firstCounter + used);
    target.set(this.#header, at);
    const tagPad = (used * padBytes) / 4;
    const blockCount = Math.ceil(length / blockBytes);
    this.#message.set(clear);
    addPads(this.#messageWords, blockCount * (blockBytes / 4), this.#pads, tagPad + blockBytes / 4);
    this.#message.fill(0, length, blockCount * blockBytes);
    target.set(this.#message.subarray(0, length), at + CIPHERTEXT_OFFSET);
    this.#writeTag(length, blockCount);
    addPads(this.#tagWords, blockBytes / 4, this.#pads, tagPad);
    target.set(this.#tag, at + CIPHERTEXT_OFFSET + length);
  }

  /** Without its pad. */
  #writeTag(length: number, blockCount: number): void {
    const hash = this.#hash;
    hash.reset(this.#boundSum);
    hash.add(this.#messageView, blockCount);
    this.#lengths.setUint32(12, length * 8);
    hash.add(this.#lengths, 1);
    for (let word = 0; word < blockBytes / 4; word++) this.#tagView.setInt32(word * 4, hash.sum[word] as number);
  }

  #makePads(): void {
    this.#firstCounter = this.#session.takeCounters(messagesAtOnce);
    const nonces = this.#nonces;
    for (let message = 0; message < messagesAtOnce; message++) {
      const counter = this.#firstCounter + message;
      for (let block = 0; block <= blocksMax; block++) {
        const at = message * padBytes + block * blockBytes;
        nonces.setUint32(at + 4, counter / 2 ** 32);
        nonces.setUint32(at + 8, counter);
        nonces.setUint32(at + 12, block + 1);
      }
    }
    const pads = this.#aes.update(nonces);
    new Uint8Array(this.#pads.buffer).set(pads);
    freeBuffer(pads);
    this.#usedCount = 0;
  }
}

function addPads(words: Int32Array, count: number, pads: Int32Array, at: number): void {
  for (let word = 0; word < count; word++) words[word] = (words[word] as number) ^ (pads[at + word] as number);
}
