import type { Credential } from "./credential.ts";
import { type SigningScope, signingKey } from "./signature-v4.ts";

/** Days and regions of one credential that are kept. Around midnight a region takes two. */
const keysPerCredentialMax = 16;

/**
 * Signing keys by credential, day and region: deriving one costs four digests, and a client uses it all day. A
 * credential that was replaced or taken away takes its keys with it.
 */
export class SigningKeyCache {
  readonly #keys = new WeakMap<Credential, Map<string, Buffer>>();

  find(credential: Credential, scope: SigningScope): Buffer {
    return this.#keys.get(credential)?.get(nameOf(scope)) ?? signingKey(credential.secretAccessKey, scope);
  }

  /** To be called once a signature has proved right: others could fill the place with regions that nobody uses. */
  keep(credential: Credential, scope: SigningScope, key: Buffer): void {
    const keys = this.#keys.get(credential) ?? new Map<string, Buffer>();
    const name = nameOf(scope);
    if (keys.has(name)) return;
    for (const oldest of keys.keys()) {
      if (keys.size < keysPerCredentialMax) break;
      keys.delete(oldest);
    }
    keys.set(name, key);
    this.#keys.set(credential, keys);
  }
}

function nameOf({ day, region }: SigningScope): string {
  return `${day}/${region}`;
}
