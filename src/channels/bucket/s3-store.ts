import type { S3Client, ServerSideEncryption, StorageClass } from "@aws-sdk/client-s3";
import { DestinationError } from "../batch/destination.ts";
import type { BucketAccess } from "../places/bucket-access.ts";
import { sdkCredentials } from "../places/sdk-credentials.ts";
import type { ObjectOptions, ObjectStore } from "./object-store.ts";

const connectMsMax = 5_000;
/** From the last byte of a request to its response; 16 MiB take a second and a half at 100 Mbit/s. */
const responseMsMax = 60_000;
const attemptsMax = 2;

export interface S3Bucket {
  readonly bucketArn: string;
  /** The account that must own the bucket, sent with each request; absent: whichever does. */
  readonly owner?: string | undefined;
  /** The master key of the objects; absent: the store's own encryption. */
  readonly keyId?: string | undefined;
}

/** A bucket behind the API of Amazon S3. The SDK is loaded with the first request. */
export class S3Store implements ObjectStore {
  readonly #bucket: S3Bucket;
  readonly #access: () => BucketAccess;
  #client: { readonly access: BucketAccess; readonly client: Promise<S3Client> } | undefined;
  #sdk: Promise<typeof import("@aws-sdk/client-s3")> | undefined;

  /** `access` is asked before each request, so that credentials can change. It throws `DestinationError`. */
  constructor(bucket: S3Bucket, access: () => BucketAccess) {
    this.#bucket = bucket;
    this.#access = access;
  }

  async check(signal: AbortSignal): Promise<void> {
    const { HeadBucketCommand } = await this.#load();
    const client = await this.#connect();
    const command = new HeadBucketCommand({ Bucket: this.#name, ExpectedBucketOwner: this.#owner });
    await this.#call(client.send(command, { abortSignal: signal }));
  }

  async putNew(
    key: string,
    bytes: Uint8Array,
    { contentType, storageClass, sha256, signal }: ObjectOptions,
  ): Promise<boolean> {
    const { PutObjectCommand } = await this.#load();
    const client = await this.#connect();
    const { keyId } = this.#bucket;
    const command = new PutObjectCommand({
      Bucket: this.#name,
      Key: key,
      Body: bytes,
      ContentType: contentType,
      ExpectedBucketOwner: this.#owner,
      IfNoneMatch: "*",
      ...(storageClass === undefined ? {} : { StorageClass: storageClass as StorageClass }),
      ...(keyId === undefined
        ? {}
        : { ServerSideEncryption: "aws:kms" satisfies ServerSideEncryption, SSEKMSKeyId: keyId }),
    });
    if (sha256 !== undefined) {
      // The SDK would hash the bytes in this thread. The signature covers the hash, which the store compares with the bytes.
      command.middlewareStack.add(
        (next) => (args) => {
          const { headers } = args.request as { readonly headers: Record<string, string> };
          headers["x-amz-content-sha256"] = sha256;
          return next(args);
        },
        { step: "build" },
      );
    }
    try {
      const { ETag } = await this.#call(client.send(command, { abortSignal: signal }));
      // What stands before a store, such as a proxy's own page, may say 200 too.
      if (ETag === undefined) throw this.#failure("a response without an ETag, so not of a store");
      return true;
    } catch (error) {
      if (error instanceof DestinationError && statusOf(error.cause) === 412) return false;
      throw error;
    }
  }

  async get(key: string, signal: AbortSignal): Promise<Uint8Array> {
    const { GetObjectCommand } = await this.#load();
    const client = await this.#connect();
    const command = new GetObjectCommand({ Bucket: this.#name, Key: key });
    return await this.#call(
      client.send(command, { abortSignal: signal }).then(async ({ Body }) => {
        if (Body === undefined) throw new Error("a response without a body");
        return await Body.transformToByteArray();
      }),
    );
  }

  close(): void {
    this.#client?.client.then(
      (client) => client.destroy(),
      () => undefined,
    );
    this.#client = undefined;
  }

  get #name(): string {
    return this.#bucket.bucketArn.split(":").at(-1) ?? "";
  }

  get #owner(): string | undefined {
    return this.#access().owner ?? this.#bucket.owner;
  }

  #load(): Promise<typeof import("@aws-sdk/client-s3")> {
    this.#sdk ??= import("@aws-sdk/client-s3");
    return this.#sdk;
  }

  async #connect(): Promise<S3Client> {
    const access = this.#access();
    if (this.#client?.access !== access) {
      this.close();
      this.#client = { access, client: this.#newClient(access) };
    }
    return await this.#client.client;
  }

  async #newClient(access: BucketAccess): Promise<S3Client> {
    const { S3Client } = await this.#load();
    const { endpoint, region, pathStyle } = access;
    const credentials = await sdkCredentials(access);
    return new S3Client({
      region,
      forcePathStyle: pathStyle,
      maxAttempts: attemptsMax,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(credentials === undefined ? {} : { credentials }),
      // The signature covers the bytes; not every server knows the headers of further checksums.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      requestHandler: { connectionTimeout: connectMsMax, requestTimeout: responseMsMax, throwOnRequestTimeout: true },
    });
  }

  /** Turns errors of the store into `DestinationError`. */
  async #call<T>(response: Promise<T>): Promise<T> {
    try {
      return await response;
    } catch (error) {
      const status = statusOf(error);
      const isRefused = status !== undefined && status >= 300 && status < 500 && !retryableStatuses.has(status);
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      const what = status === undefined ? `${name}: ${message}` : `${status} ${name}`;
      if (!isRefused) throw this.#failure(what, error);
      throw new DestinationError(`The bucket ${this.#name} refuses what the server asks of it (${what}).`, {
        cause: error,
      });
    }
  }

  #failure(what: string, cause?: unknown): DestinationError {
    return new DestinationError(`The bucket ${this.#name} cannot be reached or fails (${what}).`, { cause });
  }
}

/** Request timeout, conflict with another request, too many requests. */
const retryableStatuses: ReadonlySet<number> = new Set([408, 409, 425, 429]);

function statusOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("$metadata" in error)) return undefined;
  const { httpStatusCode } = error.$metadata as { readonly httpStatusCode?: number };
  return httpStatusCode;
}
