import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { SessionCipher } from "../../src/cipher/session-cipher.ts";
import type { RootKeyProvider } from "../../src/engine/embedded/directory/root-key-provider.ts";

export type RandomBytes = (byteCount: number) => Buffer;

/** A key provider with one master key, which opens only what it wrapped for the same directory. */
export function masterKey(name: string, random: RandomBytes = randomBytes): RootKeyProvider {
  const rootKey = createHash("sha256").update(name).digest();
  const cipher = (): SessionCipher => new SessionCipher({ rootKey, session: random(16), purpose: "test of keys" });
  return {
    make: async (directoryId) => {
      const made = random(32);
      return { rootKey: made, wrapped: cipher().encrypt(made, Buffer.from(directoryId)) };
    },
    open: async (wrapped, directoryId) => {
      const opened = cipher().decrypt(wrapped, Buffer.from(directoryId));
      if (opened === undefined) throw new Error(`The master key ${name} did not wrap this key.`);
      return opened;
    },
  };
}

/** The same bytes in each run, and others with every call. */
export function countedBytes(): RandomBytes {
  let count = 0;
  return (byteCount) => {
    assert(byteCount <= 32);
    count += 1;
    return createHash("sha256").update(`random ${count}`).digest().subarray(0, byteCount);
  };
}
