/** SeaweedFS: buckets behind the API of S3, table buckets and an Iceberg catalog, in one process. */
import { writeFile } from "node:fs/promises";
import type { TestContext } from "node:test";
import { isSeaweedInstalled, seaweedPath, seaweedVersion } from "../../scripts/get-seaweedfs.ts";
import { reportMissing } from "./available-tools.ts";
import { freePorts } from "./free-ports.ts";
import {
  type PlacesOptions,
  type StoreCommand,
  type StoreKind,
  StoreServer,
  startStore,
  storeHost,
  storeKeys,
} from "./store-server.ts";

/** The one table bucket; it is there from the start. */
const tableBucket = "analytics";
export const tableBucketArn = `arn:aws:s3tables:us-east-1:000000000000:bucket/${tableBucket}`;
/** Each server listens on all of them; those with `.grpc` are for its own parts. */
const portFlags = [
  ...["s3.port", "s3.port.grpc", "s3.port.iceberg", "s3.port.lance", "master.port", "master.port.grpc"],
  ...["filer.port", "filer.port.grpc", "volume.port", "volume.port.grpc", "admin.port", "admin.port.grpc"],
] as const;

interface SeaweedPlacesOptions extends PlacesOptions {
  /** How the catalog is asked. */
  readonly auth?: "sigv4" | "oauth";
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

export class SeaweedServer extends StoreServer {
  protected readonly name = "SeaweedFS";
  readonly #ports: ReadonlyMap<string, number>;

  private constructor(directory: string, ports: ReadonlyMap<string, number>) {
    super(directory, ports.get("s3.port") ?? 0);
    this.#ports = ports;
  }

  static async start(): Promise<SeaweedServer> {
    const ports = await freePorts(portFlags.length);
    const named = new Map(portFlags.map((flag, i) => [flag as string, ports[i] ?? 0]));
    return await startStore((directory) => new SeaweedServer(directory, named));
  }

  /** The address of the Iceberg catalog. */
  get catalog(): string {
    return `http://${storeHost}:${this.#ports.get("s3.port.iceberg")}`;
  }

  /** How PyIceberg finds the tables. */
  get catalogProperties(): Readonly<Record<string, string>> {
    return {
      type: "rest",
      uri: this.catalog,
      warehouse: `s3://${tableBucket}`,
      credential: `${storeKeys.accessKeyId}:${storeKeys.secretAccessKey}`,
      "s3.endpoint": this.endpoint,
      "s3.region": "us-east-1",
      "s3.access-key-id": storeKeys.accessKeyId,
      "s3.secret-access-key": storeKeys.secretAccessKey,
    };
  }

  /** A file for `--channels` that leads every bucket and table bucket here, with schemas in the folder `schemas` beside it. */
  override async writePlaces(path: string, options: SeaweedPlacesOptions = {}): Promise<void> {
    const { keys = storeKeys, auth = "sigv4" } = options;
    const place = this.placeOf(options);
    const { accessKeyId: clientId, secretAccessKey: clientSecret } = keys;
    const table = { ...place, catalog: this.catalog, auth: auth === "sigv4" ? auth : { clientId, clientSecret } };
    await writeFile(path, JSON.stringify({ buckets: { "*": place }, tables: { "*": table }, schemas: "schemas" }));
  }

  /** Rows of a table, as the summary of its newest snapshot says. */
  async rowCount(namespace: string, table: string): Promise<number> {
    const { accessKeyId, secretAccessKey } = storeKeys;
    const form = { grant_type: "client_credentials", client_id: accessKeyId, client_secret: secretAccessKey };
    const body = new URLSearchParams({ ...form, scope: "catalog" });
    const given = await fetch(`${this.catalog}/v1/oauth/tokens`, { method: "POST", body });
    const { access_token: token } = (await given.json()) as { readonly access_token: string };
    const path = `/v1/${tableBucket}/namespaces/${namespace}/tables/${table}`;
    const loaded = await fetch(this.catalog + path, { headers: { authorization: `Bearer ${token}` } });
    const { metadata } = (await loaded.json()) as { readonly metadata?: { readonly snapshots?: readonly Counted[] } };
    return Number(metadata?.snapshots?.at(-1)?.summary["total-records"] ?? 0);
  }

  protected override commandOn(directory: string): StoreCommand {
    const ports = [...this.#ports].map(([flag, port]) => `-${flag}=${port}`);
    const off = ["-master.telemetry=false", "-admin.ui=false", "-webdav=false", "-s3.autoCreateBucket=false"];
    const made = [`-tableBucket=${tableBucket}`];
    return {
      path: seaweedPath,
      args: ["mini", `-dir=${directory}`, `-ip=${storeHost}`, `-ip.bind=${storeHost}`, ...ports, ...off, ...made],
      env: { AWS_ACCESS_KEY_ID: storeKeys.accessKeyId, AWS_SECRET_ACCESS_KEY: storeKeys.secretAccessKey },
    };
  }
}

export const seaweedKind: StoreKind = { start: () => SeaweedServer.start(), isHere: hasSeaweed };
