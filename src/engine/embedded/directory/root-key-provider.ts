/** A root key that was just made, and what may be stored of it. */
export interface NewRootKey {
  /** 32 secret bytes. */
  readonly rootKey: Uint8Array;
  /** The root key wrapped by a master key; says by itself which one opens it. */
  readonly wrapped: Uint8Array;
}

/**
 * Makes and opens the root keys of encrypted data directories; who holds the master keys is for the rooms above to know.
 * Rejects with one sentence where a master key is missing, wrong or out of reach. `directoryId`, in hex, is what a wrapped
 * key is bound to.
 */
export interface RootKeyProvider {
  make(directoryId: string): Promise<NewRootKey>;
  open(wrapped: Uint8Array, directoryId: string): Promise<Uint8Array>;
}
