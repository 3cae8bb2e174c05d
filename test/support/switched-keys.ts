import {
  type GeneratedRootKey,
  KeyError,
  type KeyErrorKind,
  type KeyProvider,
  type KeyScope,
} from "../../src/keys/key-provider.ts";
import { LocalKeyProvider } from "../../src/keys/local-key-provider.ts";

/** A key provider that can be told to refuse, counts what it is asked, and answers when it is let. */
export class SwitchedKeys implements KeyProvider {
  readonly #keyring = new LocalKeyProvider({ nowMs: () => 0 });
  /** Refuses everything for this reason. */
  refusal: KeyErrorKind | undefined;
  makeCount = 0;
  openCount = 0;
  /** Holds answers back until it resolves. */
  opening: Promise<void> = Promise.resolve();

  async generateRootKey(
    keyId: string,
    scope: KeyScope,
    context: Readonly<Record<string, string>>,
  ): Promise<GeneratedRootKey> {
    this.makeCount += 1;
    await this.#pass();
    return await this.#keyring.generateRootKey(keyId, scope, context);
  }

  async unwrapRootKey(wrapped: Uint8Array, context: Readonly<Record<string, string>>): Promise<Uint8Array> {
    this.openCount += 1;
    await this.#pass();
    return await this.#keyring.unwrapRootKey(wrapped, context);
  }

  async #pass(): Promise<void> {
    await this.opening;
    if (this.refusal !== undefined) throw new KeyError(this.refusal, `the key is ${this.refusal}`);
  }
}
