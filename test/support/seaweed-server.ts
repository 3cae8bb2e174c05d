/** A real SeaweedFS on loopback: buckets behind the API of S3, table buckets and an Iceberg catalog, in one process. */
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
import { isSeaweedInstalled, seaweedPath, seaweedVersion } from "../../scripts/get-seaweedfs.ts";
import { reportMissing } from "./available-tools.ts";
import { freePorts } from "./free-ports.ts";

const readyMsMax = 60_000;
const host = "127.0.0.1";
const credentials = { accessKeyId: "admin", secretAccessKey: "secretsecret" };
/** The one table bucket; it is there from the start. */
const tableBucket = "analytics";
export const tableBucketArn = `arn:aws:s3tables:us-east-1:000000000000:bucket/${tableBucket}`;
/** Each server listens on all of them; those with `.grpc` are for its own parts. */
const portFlags = [
  ...["s3.port", "s3.port.grpc", "s3.port.iceberg", "s3.port.lance", "master.port", "master.port.grpc"],
  ...["filer.port", "filer.port.grpc", "volume.port", "volume.port.grpc", "admin.port", "admin.port.grpc"],
] as const;

const children = new Set<ChildProcess>();

// A test process that ends early (a crash, a time limit of the runner) must not leave servers behind.
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

export interface StoredObject {
  readonly key: string;
  readonly body: Buffer;
}

interface Counted {
  readonly summary: Readonly<Record<string, string>>;
}

/** Whether the tests can start it; reports to a test that they cannot. `npm test` has tried to install it before. */
export function hasSeaweed(t?: TestContext): boolean {
  if (isSeaweedInstalled()) return true;
  if (t !== undefined) reportMissing(t, `SeaweedFS ${seaweedVersion}`);
  return false;
}

export class SeaweedServer implements AsyncDisposable {
  readonly client: S3Client;
  readonly #directory: string;
  readonly #ports: ReadonlyMap<string, number>;
  #child: ChildProcess | undefined;

  private constructor(directory: string, ports: ReadonlyMap<string, number>) {
    this.#directory = directory;
    this.#ports = ports;
    const requestHandler = { connectionTimeout: 5_000, requestTimeout: 30_000 };
    this.client = new S3Client({
      region: "us-east-1",
      endpoint: this.endpoint,
      forcePathStyle: true,
      // The client writes into what it is given.
      credentials: { ...credentials },
      requestHandler,
    });
  }

  static async start(): Promise<SeaweedServer> {
    const ports = await freePorts(portFlags.length);
    const named = new Map(portFlags.map((flag, i) => [flag as string, ports[i] ?? 0]));
    const server = new SeaweedServer(await mkdtemp(join(tmpdir(), "millrace-seaweed-")), named);
    try {
      await server.restart();
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  /** The address of S3. */
  get endpoint(): string {
    return `http://${host}:${this.#ports.get("s3.port")}`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** The address of the Iceberg catalog. */
  get catalog(): string {
    return `http://${host}:${this.#ports.get("s3.port.iceberg")}`;
  }

  /** How PyIceberg finds the tables. */
  get catalogProperties(): Readonly<Record<string, string>> {
    return {
      type: "rest",
      uri: this.catalog,
      warehouse: `s3://${tableBucket}`,
      credential: `${credentials.accessKeyId}:${credentials.secretAccessKey}`,
      "s3.endpoint": this.endpoint,
      "s3.region": "us-east-1",
      "s3.access-key-id": credentials.accessKeyId,
      "s3.secret-access-key": credentials.secretAccessKey,
    };
  }

  /**
   * A file for `--channels` that leads every bucket and table bucket here, with schemas in the folder `schemas` beside it. `auth`:
   * how the catalog is asked.
   */
  async writePlaces(
    path: string,
    keys: { readonly accessKeyId: string; readonly secretAccessKey: string } = credentials,
    auth: "sigv4" | "oauth" = "sigv4",
  ): Promise<void> {
    const place = { endpoint: this.endpoint, credentials: keys };
    const { accessKeyId: clientId, secretAccessKey: clientSecret } = keys;
    const table = { ...place, catalog: this.catalog, auth: auth === "sigv4" ? auth : { clientId, clientSecret } };
    await writeFile(path, JSON.stringify({ buckets: { "*": place }, tables: { "*": table }, schemas: "schemas" }));
  }

  /** Rows of a table, as the summary of its newest snapshot says. */
  async rowCount(namespace: string, table: string): Promise<number> {
    const { accessKeyId, secretAccessKey } = credentials;
    const form = { grant_type: "client_credentials", client_id: accessKeyId, client_secret: secretAccessKey };
    const body = new URLSearchParams({ ...form, scope: "catalog" });
    const given = await fetch(`${this.catalog}/v1/oauth/tokens`, { method: "POST", body });
    const { access_token: token } = (await given.json()) as { readonly access_token: string };
    const path = `/v1/${tableBucket}/namespaces/${namespace}/tables/${table}`;
    const loaded = await fetch(this.catalog + path, { headers: { authorization: `Bearer ${token}` } });
    const { metadata } = (await loaded.json()) as { readonly metadata?: { readonly snapshots?: readonly Counted[] } };
    return Number(metadata?.snapshots?.at(-1)?.summary["total-records"] ?? 0);
  }

  /** Starts the process on what an earlier one left. */
  async restart(): Promise<void> {
    const ports = [...this.#ports].map(([flag, port]) => `-${flag}=${port}`);
    const off = ["-master.telemetry=false", "-admin.ui=false", "-webdav=false", "-s3.autoCreateBucket=false"];
    const made = [`-tableBucket=${tableBucket}`];
    const args = ["mini", `-dir=${this.#directory}`, `-ip=${host}`, `-ip.bind=${host}`, ...ports, ...off, ...made];
    const log = openSync(join(this.#directory, "weed.log"), "a");
    const env = {
      ...process.env,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    };
    this.#child = spawn(seaweedPath, args, { stdio: ["ignore", log, log], env });
    closeSync(log);
    const child = this.#child;
    children.add(child);
    child.once("exit", () => children.delete(child));
    const giveUpAt = performance.now() + readyMsMax;
    while (!(await this.#isReady())) {
      assert(
        this.#child.exitCode === null && performance.now() < giveUpAt,
        `SeaweedFS does not start:\n${await this.#log()}`,
      );
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

  async #log(): Promise<string> {
    return (await readFile(join(this.#directory, "weed.log"), "utf8").catch(() => "")).slice(-4_000);
  }
}
