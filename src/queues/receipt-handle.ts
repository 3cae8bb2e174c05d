import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import type { DeliveryReceipt } from "./state/delivery-receipt.ts";

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
const addedMin = 64;
const liveVersion = 0x10;
const deadVersion = 0x11;
/** In the place of a text that is no handle. */
const noHandle = "A".repeat(handleCharacters);

/** Makes and reads the receipt handles of one queue. One native call serves many handles: those of all calls of a turn. */
export class ReceiptHandleCipher {
  readonly #encrypt: ReturnType<typeof createCipheriv>;
  readonly #decrypt: ReturnType<typeof createDecipheriv>;
  readonly #epoch: number;
  /** Clear bytes of the handles that were added and not encrypted yet. */
  #added = memoryFor(addedMin);
  #addedCount = 0;

  /** `secret`: 32 bytes that outlive a restart. `epoch`: a number below 2^32 that no earlier load of the queue had. */
  constructor(secret: Uint8Array, queueId: string, epoch: number) {
    const key = Buffer.from(hkdfSync("sha256", secret, "", `millrace receipt handles ${queueId}`, 32));
    this.#encrypt = createCipheriv("aes-256-ecb", key, null).setAutoPadding(false);
    this.#decrypt = createDecipheriv("aes-256-ecb", key, null).setAutoPadding(false);
    this.#epoch = epoch;
  }

  /** Handles that `encryptAdded()` makes. */
  get addedCount(): number {
    return this.#addedCount;
  }

  /** Adds a delivery whose handle `encryptAdded()` makes. */
  add(shardIndex: number, position: number, nonce: number, isDead: boolean): void {
    const at = this.#addedCount * handleBytes;
    if (at === this.#added.bytes.length) this.#makeRoom();
    const { bytes, view } = this.#added;
    bytes[at] = isDead ? deadVersion : liveVersion;
    view.setUint32(at + 1, shardIndex, true);
    view.setUint32(at + 5, position, true);
    view.setUint16(at + 9, position / 2 ** 32, true);
    view.setUint32(at + 11, nonce, true);
    bytes[at + 15] = 0;
    view.setUint32(at + 16, this.#epoch, true);
    view.setUint32(at + 20, nonce, true);
    view.setUint32(at + 24, position, true);
    view.setUint32(at + 28, 0, true);
    this.#addedCount += 1;
  }

  /** The handles of what was added, in its order, one behind another: `handleAt()` finds each. */
  encryptAdded(): string {
    const count = this.#addedCount;
    this.#addedCount = 0;
    return textOf(this.#encrypt.update(this.#added.bytes.subarray(0, count * handleBytes)), count);
  }

  /** The delivery of each handle; undefined where a text is no handle of this queue. */
  decrypt(handles: readonly string[]): readonly (DeliveryReceipt | undefined)[] {
    const { length: count } = handles;
    const whole = handles.every(isWhole) ? handles : handles.map((handle) => (isWhole(handle) ? handle : noHandle));
    const strides = Buffer.from(whole.join(""), "base64url");
    // Other characters than those of base64 are skipped: then each text is looked at alone.
    if (strides.length < count * strideBytes) {
      return count === 1 ? [undefined] : handles.flatMap((handle) => this.decrypt([handle]));
    }
    const bytes = Buffer.allocUnsafe(count * handleBytes);
    for (let i = 0; i < count; i += 1) {
      const from = i * strideBytes;
      for (let at = 0; at < handleBytes; at += 1) bytes[i * handleBytes + at] = strides[from + at] as number;
    }
    const clear = this.#decrypt.update(bytes);
    const view = new DataView(clear.buffer, clear.byteOffset, clear.byteLength);
    const deliveries: (DeliveryReceipt | undefined)[] = [];
    for (let i = 0; i < count; i += 1) {
      const isRead = strides[i * strideBytes + handleBytes] === 0 && isWhole(handles[i] as string);
      deliveries.push(isRead ? this.#deliveryAt(view, i * handleBytes) : undefined);
    }
    return deliveries;
  }

  #makeRoom(): void {
    const longer = memoryFor(this.#addedCount * 2);
    longer.bytes.set(this.#added.bytes);
    this.#added = longer;
  }

  #deliveryAt(view: DataView, at: number): DeliveryReceipt | undefined {
    const version = view.getUint8(at);
    const low = view.getUint32(at + 5, true);
    const nonce = view.getUint32(at + 11, true);
    const isGenuine =
      (version === liveVersion || version === deadVersion) &&
      view.getUint8(at + 15) === 0 &&
      view.getUint32(at + 20, true) === nonce &&
      view.getUint32(at + 24, true) === low &&
      view.getUint32(at + 28, true) === 0;
    if (!isGenuine) return undefined;
    return {
      shardIndex: view.getUint32(at + 1, true),
      position: view.getUint16(at + 9, true) * 2 ** 32 + low,
      isDead: version === deadVersion,
      isOfThisEpoch: view.getUint32(at + 16, true) === this.#epoch,
      nonce,
    };
  }
}

export function handleAt(handles: string, index: number): string {
  return handles.slice(index * handleCharacters, (index + 1) * handleCharacters);
}

/** Each handle is followed by a zero byte, so that its text ends where its bytes end. */
function textOf(encrypted: Buffer, count: number): string {
  const strides = Buffer.allocUnsafe(count * strideBytes);
  for (let i = 0; i < count; i += 1) {
    const to = i * strideBytes;
    for (let at = 0; at < handleBytes; at += 1) strides[to + at] = encrypted[i * handleBytes + at] as number;
    strides[to + handleBytes] = 0;
  }
  return strides.toString("base64url");
}

function isWhole(handle: string): boolean {
  return handle.length === handleCharacters;
}

function memoryFor(count: number): { readonly bytes: Uint8Array; readonly view: DataView } {
  const bytes = new Uint8Array(count * handleBytes);
  return { bytes, view: new DataView(bytes.buffer) };
}
