/** A real store behind the API of S3 on loopback, in a process that can be held up, killed and started again. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";

const readyMsMax = 60_000;
export const storeHost = "127.0.0.1";
export const storeKeys: StoreKeys = { accessKeyId: "admin", secretAccessKey: "secretsecret" };

const children = new Set<ChildProcess>();

// A test process that ends early (a crash, a time limit of the runner) must not leave servers behind.
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

export interface StoreKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What a file for `--channels` says in place of what is true. */
export interface PlacesOptions {
  readonly keys?: StoreKeys;
  /** A proxy before the store. */
  readonly endpoint?: string;
}

export interface StoredObject {
  readonly key: string;
  readonly body: Buffer;
}

/** A program that tests can start as a store. */
export interface StoreKind {
  readonly start: () => Promise<StoreServer>;
  /** Whether it is here; reports to a test that it is not. */
  readonly isHere: (t?: TestContext) => boolean;
}

/** How a store is started on its directory. */
export interface StoreCommand {
  readonly path: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export abstract class StoreServer implements AsyncDisposable {
  readonly client: S3Client;
  /** The address of S3. */
  readonly endpoint: string;
  readonly #directory: string;
  #child: ChildProcess | undefined;

  protected constructor(directory: string, port: number) {
    this.#directory = directory;
    this.endpoint = `http://${storeHost}:${port}`;
    this.client = new S3Client({
      region: "us-east-1",
      endpoint: this.endpoint,
      forcePathStyle: true,
      // The client writes into what it is given.
      credentials: { ...storeKeys },
      requestHandler: { connectionTimeout: 5_000, requestTimeout: 30_000 },
    });
  }

  /** What people call it. */
  protected abstract readonly name: string;

  protected abstract commandOn(directory: string): StoreCommand;

  /** What the file of `--channels` says about every bucket. */
  protected placeOf({ keys = storeKeys, endpoint = this.endpoint }: PlacesOptions): object {
    return { endpoint, credentials: keys };
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** A file for `--channels` that leads every bucket here. */
  async writePlaces(path: string, options: PlacesOptions = {}): Promise<void> {
    await writeFile(path, JSON.stringify({ buckets: { "*": this.placeOf(options) } }));
  }

  /** Starts the process on what an earlier one left. */
  async restart(): Promise<void> {
    const { path, args, env } = this.commandOn(this.#directory);
    const log = openSync(this.#logPath, "a");
    const child = spawn(path, [...args], { stdio: ["ignore", log, log], env: { ...process.env, ...env } });
    closeSync(log);
    this.#child = child;
    children.add(child);
    child.once("exit", () => children.delete(child));
    const giveUpAt = performance.now() + readyMsMax;
    while (!(await this.#isReady())) {
      const mayStart = child.exitCode === null && performance.now() < giveUpAt;
      assert(mayStart, `${this.name} does not start:\n${await this.#log()}`);
      await pause(100);
    }
  }

  /** Until `resume()` it accepts connections and says nothing. */
  suspend(): void {
    this.#child?.kill("SIGSTOP");
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  async makeBucket(name: string): Promise<void> {
    await this.client.send(new CreateBucketCommand({ Bucket: name }));
  }

  /** All objects of a bucket, by key. */
  async objects(bucket: string): Promise<readonly StoredObject[]> {
    const found: StoredObject[] = [];
    for (let token: string | undefined, isMore = true; isMore; ) {
      const page = await this.client.send(
        new ListObjectsV2Command({ Bucket: bucket, ...(token === undefined ? {} : { ContinuationToken: token }) }),
      );
      for (const { Key = "" } of page.Contents ?? []) {
        const { Body } = await this.client.send(new GetObjectCommand({ Bucket: bucket, Key }));
        assert(Body !== undefined, Key);
        found.push({ key: Key, body: Buffer.from(await Body.transformToByteArray()) });
      }
      token = page.NextContinuationToken;
      isMore = page.IsTruncated === true;
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.destroy();
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** Buckets are known before objects can be stored and read. */
  async #isReady(): Promise<boolean> {
    const probe = { Bucket: "probe", Key: "probe" };
    try {
      await this.client.send(new CreateBucketCommand({ Bucket: probe.Bucket })).catch((error: Error) => {
        if (!error.name.startsWith("BucketAlready")) throw error;
      });
      await this.client.send(new PutObjectCommand({ ...probe, Body: "ready" }));
      const { Body } = await this.client.send(new GetObjectCommand(probe));
      return (await Body?.transformToString()) === "ready";
    } catch {
      return false;
    }
  }

  get #logPath(): string {
    return join(this.#directory, "store.log");
  }

  async #log(): Promise<string> {
    return (await readFile(this.#logPath, "utf8").catch(() => "")).slice(-4_000);
  }
}

/** Starts a store that was made on a new directory; one that does not start is disposed of. */
export async function startStore<Store extends StoreServer>(
  make: (directory: string) => Store | Promise<Store>,
): Promise<Store> {
  const store = await make(await mkdtemp(join(tmpdir(), "millrace-store-")));
  try {
    await store.restart();
    return store;
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
}
