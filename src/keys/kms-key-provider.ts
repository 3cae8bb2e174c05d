import type { KMSClient, KMSClientConfig } from "@aws-sdk/client-kms";
import { resolveMasterKeyRef } from "../streams/master-key-ref.ts";
import { type GeneratedRootKey, KeyError, type KeyErrorKind, type KeyProvider, type KeyScope } from "./key-provider.ts";

/*
 * A wrapped key says in which region it can be opened; the rest is the service's own:
 *
 *   "MKM1" | u8 bytes of the region's name | region | CiphertextBlob
 */
const MAGIC = Buffer.from("MKM1");
const REGION_AT = MAGIC.length + 1;

const KEY_BYTES = 32;
const connectMsMax = 2_000;
const answerMsMax = 5_000;
/** Puts and gets wait meanwhile, and their clients try again as well. */
const attemptsMax = 2;
/** Regions are the callers' to name, and each takes a client. */
const clientsMax = 64;

export interface KmsKeyProviderOptions {
  /** Absent: Amazon's own, by region. */
  readonly endpoint?: string | undefined;
  /** Of every key; absent: that of the key's ARN or else of the stream. */
  readonly region?: string | undefined;
  /** Absent: where the official SDKs look for them. */
  readonly credentials?: KMSClientConfig["credentials"];
}

/**
 * The key provider `kms`: AWS KMS, or whatever speaks its API. The service keeps the master keys and is asked each time.
 * Its client is loaded when the first key is needed, so that nobody else pays for it.
 */
export class KmsKeyProvider implements KeyProvider {
  readonly #options: KmsKeyProviderOptions;
  readonly #clients = new Map<string, KMSClient>();
  #sdk: Promise<typeof import("@aws-sdk/client-kms")> | undefined;

  constructor(options: KmsKeyProviderOptions) {
    this.#options = options;
  }

  async generateRootKey(
    keyId: string,
    scope: KeyScope,
    context: Readonly<Record<string, string>>,
  ): Promise<GeneratedRootKey> {
    const region = this.#options.region ?? resolveMasterKeyRef(keyId, scope)?.region ?? scope.region;
    const { GenerateDataKeyCommand } = await this.#load();
    const command = new GenerateDataKeyCommand({ KeyId: keyId, KeySpec: "AES_256", EncryptionContext: { ...context } });
    const answer = await asked((await this.#client(region)).send(command));
    return { rootKey: rootKeyOf(answer.Plaintext), wrapped: wrap(region, answer.CiphertextBlob) };
  }

  async unwrapRootKey(wrapped: Uint8Array, context: Readonly<Record<string, string>>): Promise<Uint8Array> {
    const { region, blob } = unwrap(wrapped);
    const { DecryptCommand } = await this.#load();
    const command = new DecryptCommand({ CiphertextBlob: blob, EncryptionContext: { ...context } });
    const answer = await asked((await this.#client(region)).send(command));
    return rootKeyOf(answer.Plaintext);
  }

  close(): void {
    for (const client of this.#clients.values()) client.destroy();
    this.#clients.clear();
  }

  #load(): Promise<typeof import("@aws-sdk/client-kms")> {
    this.#sdk ??= import("@aws-sdk/client-kms");
    return this.#sdk;
  }

  async #client(region: string): Promise<KMSClient> {
    const { KMSClient } = await this.#load();
    const known = this.#clients.get(region);
    if (known !== undefined) return known;
    const [oldest] = this.#clients;
    if (this.#clients.size >= clientsMax && oldest !== undefined) {
      oldest[1].destroy();
      this.#clients.delete(oldest[0]);
    }
    const { endpoint, credentials } = this.#options;
    const client = new KMSClient({
      region,
      maxAttempts: attemptsMax,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(credentials === undefined ? {} : { credentials }),
      requestHandler: { connectionTimeout: connectMsMax, requestTimeout: answerMsMax, throwOnRequestTimeout: true },
    });
    this.#clients.set(region, client);
    return client;
  }
}

// AWS KMS API reference, errors of GenerateDataKey and Decrypt, and those common to all actions.
const KINDS: ReadonlyMap<string, KeyErrorKind> = new Map([
  ["DisabledException", "disabled"],
  ["KMSInvalidStateException", "invalid_state"],
  ["InvalidKeyUsageException", "invalid_state"],
  ["InvalidCiphertextException", "invalid_state"],
  ["IncorrectKeyException", "invalid_state"],
  ["AccessDeniedException", "access_denied"],
  ["AccessDenied", "access_denied"],
  ["InvalidGrantTokenException", "access_denied"],
  ["NotFoundException", "not_found"],
  ["InvalidArnException", "not_found"],
  ["OptInRequired", "opt_in_required"],
  ["ThrottlingException", "throttled"],
  ["LimitExceededException", "throttled"],
]);

async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    const kind = KINDS.get(name) ?? "unavailable";
    const sentence = kind === "unavailable" ? `The key service does not help (${name}): ${message}` : message;
    throw new KeyError(kind, sentence, { cause: error });
  }
}

function rootKeyOf(plaintext: Uint8Array | undefined): Uint8Array {
  if (plaintext?.length === KEY_BYTES) return plaintext;
  throw new KeyError("unavailable", "The key service answered without a key of 256 bits.");
}

function wrap(region: string, blob: Uint8Array | undefined): Buffer {
  if (blob === undefined || blob.length === 0) {
    throw new KeyError("unavailable", "The key service answered without a wrapped key.");
  }
  const name = Buffer.from(region);
  return Buffer.concat([MAGIC, Uint8Array.of(name.length), name, blob]);
}

function unwrap(wrapped: Uint8Array): { readonly region: string; readonly blob: Uint8Array } {
  const bytes = Buffer.from(wrapped.buffer, wrapped.byteOffset, wrapped.length);
  if (bytes.length <= REGION_AT || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new KeyError("not_found", "The data key was not wrapped by a key service, but by another key provider.");
  }
  const blobAt = REGION_AT + bytes.readUInt8(MAGIC.length);
  return { region: bytes.toString("utf8", REGION_AT, blobAt), blob: bytes.subarray(blobAt) };
}
