import type { KMSClient, KMSClientConfig } from "@aws-sdk/client-kms";
import { parseMasterKeyRef } from "../streams/master-key-ref.ts";
import { type GeneratedRootKey, KeyError, type KeyErrorKind, type KeyProvider, type KeyScope } from "./key-provider.ts";

/*
 * A wrapped key:
 *
 *   "MKM1" | bytes of the region's name 1 | region | CiphertextBlob of the service
 */
const MAGIC = Buffer.from("MKM1");
const REGION_LENGTH_AT = MAGIC.length;
const REGION_AT = REGION_LENGTH_AT + 1;

const KEY_BYTES = 32;
const connectMsMax = 2_000;
const responseMsMax = 5_000;
/** Few, because puts and gets wait meanwhile and clients retry too. */
const attemptsMax = 2;
/** Most clients, one for each region that callers name. */
const clientsMax = 64;

export interface KmsKeyProviderOptions {
  /** Absent: the endpoint of AWS in the region. */
  readonly endpoint?: string | undefined;
  /** Region of all keys; absent: the region of the key's ARN, or else of the stream. */
  readonly region?: string | undefined;
  /** Absent: the default chain of the AWS SDK. */
  readonly credentials?: KMSClientConfig["credentials"];
}

/**
 * The key provider `kms`: AWS KMS, or a server that speaks its API. The service keeps the master keys; each call is a
 * request to it. The SDK is loaded for the first key.
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
    const region = this.#options.region ?? parseMasterKeyRef(keyId, scope)?.region ?? scope.region;
    const { GenerateDataKeyCommand } = await this.#load();
    const command = new GenerateDataKeyCommand({ KeyId: keyId, KeySpec: "AES_256", EncryptionContext: { ...context } });
    const output = await callKms((await this.#client(region)).send(command));
    return { rootKey: rootKeyOf(output.Plaintext), wrapped: wrap(region, output.CiphertextBlob) };
  }

  async unwrapRootKey(wrapped: Uint8Array, context: Readonly<Record<string, string>>): Promise<Uint8Array> {
    const { region, blob } = unwrap(wrapped);
    const { DecryptCommand } = await this.#load();
    const command = new DecryptCommand({ CiphertextBlob: blob, EncryptionContext: { ...context } });
    const output = await callKms((await this.#client(region)).send(command));
    return rootKeyOf(output.Plaintext);
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
      requestHandler: { connectionTimeout: connectMsMax, requestTimeout: responseMsMax, throwOnRequestTimeout: true },
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

/** Turns errors of the service into `KeyError`. */
async function callKms<T>(response: Promise<T>): Promise<T> {
  try {
    return await response;
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    const kind = KINDS.get(name) ?? "unavailable";
    const text =
      kind === "unavailable"
        ? `The key service failed (${name}), so encrypted data cannot be read or written until it responds: ${message}`
        : message;
    throw new KeyError(kind, text, { cause: error });
  }
}

function rootKeyOf(plaintext: Uint8Array | undefined): Uint8Array {
  if (plaintext?.length === KEY_BYTES) return plaintext;
  throw new KeyError(
    "unavailable",
    "The key service returned no key of 256 bits, so no data was encrypted or decrypted. Check that its endpoint is KMS.",
  );
}

function wrap(region: string, blob: Uint8Array | undefined): Buffer {
  if (blob === undefined || blob.length === 0) {
    throw new KeyError(
      "unavailable",
      "The key service returned no wrapped key, so no data was encrypted. Check that its endpoint is KMS.",
    );
  }
  const name = Buffer.from(region);
  return Buffer.concat([MAGIC, Uint8Array.of(name.length), name, blob]);
}

function unwrap(wrapped: Uint8Array): { readonly region: string; readonly blob: Uint8Array } {
  const bytes = Buffer.from(wrapped.buffer, wrapped.byteOffset, wrapped.length);
  if (bytes.length <= REGION_AT || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new KeyError(
      "not_found",
      "The key was not wrapped by a key service, so data under it cannot be read. Use the --key-provider that wrapped it.",
    );
  }
  const blobAt = REGION_AT + bytes.readUInt8(REGION_LENGTH_AT);
  return { region: bytes.toString("utf8", REGION_AT, blobAt), blob: bytes.subarray(blobAt) };
}
