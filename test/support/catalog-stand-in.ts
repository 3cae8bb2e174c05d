import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import type { PartitionSpec, Snapshot, TableMetadata, TableSchema } from "../../src/channels/table/iceberg-schema.ts";
import { parseLossless, stringifyLossless } from "../../src/channels/table/lossless-json.ts";
import { HttpStandIn } from "./http-stand-in.ts";

interface CatalogAnswer {
  readonly status: number;
  readonly body?: unknown;
}

interface NewTable {
  readonly name: string;
  readonly schema: TableSchema;
  readonly "partition-spec": PartitionSpec;
  readonly properties: Readonly<Record<string, string>>;
}

interface CommitBody {
  readonly requirements: readonly { readonly type: string; readonly "snapshot-id"?: bigint | null }[];
  readonly updates: readonly {
    readonly action: string;
    readonly snapshot?: Snapshot;
    readonly updates?: Readonly<Record<string, string>>;
  }[];
}

/** As much of Iceberg's REST catalog as channels use, for tables whose files are in the bucket `lake`. Asks for no credentials. */
export class CatalogStandIn extends HttpStandIn {
  /** By `NAMESPACE/TABLE`. */
  readonly tables = new Map<string, TableMetadata>();
  /** Told of each request that was carried out; what it returns is answered in place of the outcome. */
  disturb: ((method: string, path: string, query: string) => CatalogAnswer | "hang up" | undefined) | undefined;

  static async start(): Promise<CatalogStandIn> {
    return await new CatalogStandIn().listen();
  }

  protected override async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sent = await text(request);
    const { pathname, search } = new URL(request.url ?? "", this.endpoint);
    const method = request.method ?? "";
    const outcome = this.#carryOut(method, pathname, sent === "" ? undefined : parseLossless(sent));
    const said = this.disturb?.(method, pathname, search) ?? outcome;
    if (said === "hang up") {
      response.destroy();
      return;
    }
    response.writeHead(said.status, { "content-type": "application/json" });
    response.end(typeof said.body === "string" ? said.body : stringifyLossless(said.body ?? {}));
  }

  #carryOut(method: string, path: string, body: unknown): CatalogAnswer {
    if (path === "/v1/config") return { status: 200, body: { defaults: {}, overrides: {} } };
    if (path === "/v1/namespaces") return { status: 200, body };
    const [, namespace = "", table] = /^\/v1\/namespaces\/([^/]+)\/tables(?:\/([^/]+))?$/.exec(path) ?? [];
    if (table === undefined) return this.#create(namespace, body as NewTable);
    const name = `${namespace}/${table}`;
    const metadata = this.tables.get(name);
    if (metadata === undefined) return { status: 404 };
    return method === "GET" ? { status: 200, body: { metadata } } : this.#commit(name, metadata, body as CommitBody);
  }

  #create(namespace: string, table: NewTable): CatalogAnswer {
    const name = `${namespace}/${table.name}`;
    if (this.tables.has(name)) return { status: 409 };
    const metadata: TableMetadata = {
      ...{ "format-version": 2, "table-uuid": name, location: `s3://lake/${name}`, "last-sequence-number": 0 },
      ...{ "current-schema-id": 0, schemas: [table.schema], "default-spec-id": 0 },
      ...{ "partition-specs": [table["partition-spec"]], snapshots: [], properties: table.properties },
    };
    this.tables.set(name, metadata);
    return { status: 200, body: { metadata } };
  }

  #commit(name: string, metadata: TableMetadata, { requirements, updates }: CommitBody): CatalogAnswer {
    const parent = requirements.find(({ type }) => type === "assert-ref-snapshot-id")?.["snapshot-id"] ?? null;
    if (parent !== (metadata["current-snapshot-id"] ?? null)) return { status: 409 };
    const snapshot = updates.find(({ action }) => action === "add-snapshot")?.snapshot;
    if (snapshot === undefined) return { status: 400 };
    const changed: TableMetadata = {
      ...metadata,
      "current-snapshot-id": snapshot["snapshot-id"],
      "last-sequence-number": snapshot["sequence-number"] ?? 0,
      snapshots: [...(metadata.snapshots ?? []), snapshot],
      properties: Object.assign({}, metadata.properties, ...updates.map(({ updates: changes }) => changes)),
    };
    this.tables.set(name, changed);
    return { status: 200, body: { metadata: changed } };
  }
}
