import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import type { Delivery } from "./state/delivery.ts";

/*
 * A receipt handle: 32 bytes under AES-256, two blocks, and a zero byte, in 44 characters of base64url.
 *
 *   block 1:   u8 version and kind | u32 shard index | u48 position | u32 nonce | u8 0
 *   block 2:   u32 epoch | u32 nonce | u32 position modulo 2^32 | u32 0
 *
 * The key is the queue's own, so a handle of another queue decrypts to something else. It need not be a secret: who may
 * acknowledge could get handles by receiving. What both blocks have in common keeps halves of two handles apart.
 */
const handleBytes = 32;
const strideBytes = 33;
const handleCharacters = 44;
const liveVersion = 0x10;
const deadVersion = 0x11;
const nothing = Buffer.alloc(0);

/** Columns of the deliveries that get handles. */
export interface NewDeliveries {
  readonly count: number;
  readonly shardIndexes: readonly number[];
  readonly positions: readonly number[];
  readonly nonces: readonly number[];
  readonly isDead: boolean;
}

/** Makes and reads the receipt handles of one queue. One native call serves all handles of a request. */
export class ReceiptHandleCipher {
  readonly #encrypt: ReturnType<typeof createCipheriv>;
  readonly #decrypt: ReturnType<typeof createDecipheriv>;
  readonly #epoch: number;

  /** `secret`: 32 bytes that outlive a restart. `epoch`: a number below 2^32 that no earlier load of the queue had. */
  constructor(secret: Uint8Array, queueId: string, epoch: number) {
    const key = Buffer.from(hkdfSync("sha256", secret, "", `millrace receipt handles ${queueId}`, 32));
    this.#encrypt = createCipheriv("aes-256-ecb", key, null).setAutoPadding(false);
    this.#decrypt = createDecipheriv("aes-256-ecb", key, null).setAutoPadding(false);
    this.#epoch = epoch;
  }

  encrypt({ count, shardIndexes, positions, nonces, isDead }: NewDeliveries): readonly string[] {
    const clear = Buffer.alloc(count * handleBytes);
    for (let i = 0; i < count; i += 1) {
      const at = i * handleBytes;
      const position = positions[i] as number;
      const nonce = nonces[i] as number;
      clear[at] = isDead ? deadVersion : liveVersion;
      clear.writeUInt32LE(shardIndexes[i] as number, at + 1);
      clear.writeUIntLE(position, at + 5, 6);
      clear.writeUInt32LE(nonce, at + 11);
      clear.writeUInt32LE(this.#epoch, at + 16);
      clear.writeUInt32LE(nonce, at + 20);
      clear.writeUInt32LE(position >>> 0, at + 24);
    }
    const encrypted = this.#encrypt.update(clear);
    const strides = Buffer.alloc(count * strideBytes);
    for (let i = 0; i < count; i += 1) {
      encrypted.copy(strides, i * strideBytes, i * handleBytes, (i + 1) * handleBytes);
    }
    const text = strides.toString("base64url");
    const handles: string[] = [];
    for (let i = 0; i < count; i += 1) handles.push(text.slice(i * handleCharacters, (i + 1) * handleCharacters));
    return handles;
  }

  /** The delivery of each handle; undefined where a text is no handle of this queue. */
  decrypt(handles: readonly string[]): readonly (Delivery | undefined)[] {
    const encrypted = Buffer.alloc(handles.length * strideBytes);
    const packed = Buffer.alloc(handles.length * handleBytes);
    const isWhole = handles.map((handle, i) => {
      const at = i * strideBytes;
      if (handle.length !== handleCharacters) return false;
      // The last byte is zero and the text has one form only: a changed last character is no handle.
      const isRead = encrypted.write(handle, at, strideBytes, "base64url") === strideBytes;
      const isCanonical = isRead && encrypted[at + handleBytes] === 0 && /^[\w-]+$/.test(handle);
      if (isCanonical) encrypted.copy(packed, i * handleBytes, at, at + handleBytes);
      return isCanonical;
    });
    const clear = packed.length === 0 ? nothing : this.#decrypt.update(packed);
    return isWhole.map((whole, i) => (whole ? this.#deliveryAt(clear, i * handleBytes) : undefined));
  }

  #deliveryAt(clear: Buffer, at: number): Delivery | undefined {
    const isDead = clear[at] === deadVersion;
    const position = clear.readUIntLE(at + 5, 6);
    const nonce = clear.readUInt32LE(at + 11);
    const isGenuine =
      (isDead || clear[at] === liveVersion) &&
      clear[at + 15] === 0 &&
      clear.readUInt32LE(at + 20) === nonce &&
      clear.readUInt32LE(at + 24) === position >>> 0 &&
      clear.readUInt32LE(at + 28) === 0;
    if (!isGenuine) return undefined;
    const shardIndex = clear.readUInt32LE(at + 1);
    return { shardIndex, position, isDead, isOfThisEpoch: clear.readUInt32LE(at + 16) === this.#epoch, nonce };
  }
}
