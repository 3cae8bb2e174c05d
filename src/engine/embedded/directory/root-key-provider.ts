/** A new root key, and the form of it that is stored. */
export interface NewRootKey {
  /** 32 secret bytes. */
  readonly rootKey: Uint8Array;
  /** The root key wrapped by a master key; says by itself which one opens it. */
  readonly wrapped: Uint8Array;
}

/**
 * Creates and unwraps the root keys of encrypted data directories. Which master keys there are is decided above the engine.
 * Rejects with one sentence if a master key is missing, wrong or out of reach. A wrapped key is bound to `directoryId`, in hex.
 */
export interface RootKeyProvider {
  make(directoryId: string): Promise<NewRootKey>;
  open(wrapped: Uint8Array, directoryId: string): Promise<Uint8Array>;
}
