import type { Credential } from "./credential.ts";
import { type SigningScope, signingKey } from "./signature-v4.ts";

/** Most days, regions and services for one credential. Around midnight a region has two keys of each service. */
const keysPerCredentialMax = 16;

/** Signing keys by credential, day, region and service. The keys of a replaced or removed credential are dropped with it. */
export class SigningKeyCache {
  readonly #keys = new WeakMap<Credential, Map<string, Buffer>>();

  /** The cached key, or a new one. */
  find(credential: Credential, scope: SigningScope): Buffer {
    return this.#keys.get(credential)?.get(nameOf(scope)) ?? signingKey(credential.secretAccessKey, scope);
  }

  /** Call it only for a verified signature: others could fill the cache with unused regions. */
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

function nameOf({ day, region, service }: SigningScope): string {
  return `${day}/${region}/${service}`;
}
