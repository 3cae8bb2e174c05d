import type { KeyProviderConfig } from "../config/config.ts";
import type { GeneratedRootKey, KeyProvider, KeyScope } from "../keys/key-provider.ts";

export interface KeyProviderHandle {
  readonly provider: KeyProvider;
  /** Why no key can be used, as a sentence; undefined while no problem is known. */
  readonly fault: () => string | undefined;
  /** Whether the file of the keys does not exist, so that the next master key makes a new one. */
  readonly isFileAbsent: () => boolean;
  readonly close: () => void;
}

/** Makes the configured key provider; the other's code is not loaded. */
export async function createKeyProvider(choice: KeyProviderConfig, nowMs: () => number): Promise<KeyProviderHandle> {
  if (choice.provider === "kms") {
    const { KmsKeyProvider } = await import("../keys/kms-key-provider.ts");
    const kms = new KmsKeyProvider(choice);
    return { provider: kms, fault: () => undefined, isFileAbsent: () => false, close: () => kms.close() };
  }
  const { LocalKeyProvider } = await import("../keys/local-key-provider.ts");
  const keyring = new LocalKeyProvider({ file: choice.keyring, nowMs });
  return {
    provider: keyring,
    fault: () => keyring.fault,
    isFileAbsent: () => keyring.isAbsent,
    close: () => undefined,
  };
}

/** Adapts a provider to the embedded engine: one data key for each directory, bound to the directory's id. */
export function rootKeyProviderFor(provider: KeyProvider, keyId: string, scope: KeyScope) {
  const contextOf = (directoryId: string) => ({ "millrace:data-directory": directoryId });
  return {
    make: (directoryId: string): Promise<GeneratedRootKey> =>
      provider.generateRootKey(keyId, scope, contextOf(directoryId)),
    open: (wrapped: Uint8Array, directoryId: string): Promise<Uint8Array> =>
      provider.unwrapRootKey(wrapped, contextOf(directoryId)),
  };
}
