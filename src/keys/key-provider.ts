/** A new root key, for one data key of a stream or one data directory. */
export interface GeneratedRootKey {
  /** 32 secret bytes; never stored. */
  readonly rootKey: Uint8Array;
  /** The root key encrypted under a master key, to be stored. It contains the id of the master key. */
  readonly wrapped: Uint8Array;
}

/** The account and region in which aliases and key ids are looked up. */
export interface KeyScope {
  readonly account: string;
  readonly region: string;
}

/** Keeps master keys and never returns them. Generates root keys wrapped under them, and unwraps those. */
export interface KeyProvider {
  /**
   * Generates a root key wrapped under the master key `keyId` (key id, ARN, alias or alias ARN). It can be unwrapped only
   * with the same `context`. Throws `KeyError`.
   */
  generateRootKey(keyId: string, scope: KeyScope, context: Readonly<Record<string, string>>): Promise<GeneratedRootKey>;
  /** Throws `KeyError`. */
  unwrapRootKey(wrapped: Uint8Array, context: Readonly<Record<string, string>>): Promise<Uint8Array>;
}

/** Why a key cannot be used. Each of the first six is a KMS error of the Kinesis API. */
export type KeyErrorKind =
  | "disabled"
  | "invalid_state"
  | "access_denied"
  | "not_found"
  | "opt_in_required"
  | "throttled"
  | "unavailable";

/** A master key cannot be used. Nothing was generated, unwrapped or changed. */
export class KeyError extends Error {
  readonly kind: KeyErrorKind;

  constructor(kind: KeyErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "KeyError";
    this.kind = kind;
  }
}
