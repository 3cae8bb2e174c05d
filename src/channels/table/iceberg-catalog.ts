import { isJsonObject } from "../../model/json-object.ts";
import type { TablePlace } from "../../streams/stream.ts";
import type { TableAccess } from "../places/table-access.ts";
import { CatalogConnection, type CatalogRequest, type CatalogResponse, catalogError } from "./catalog-requests.ts";
import type { PartitionSpec, Snapshot, TableMetadata, TableSchema } from "./iceberg-schema.ts";

/** What a table is called, and the table bucket that it is in. */
type CataloguedName = Pick<TablePlace, "bucketArn" | "namespace" | "table">;

export interface NewTable {
  readonly schema: TableSchema;
  readonly spec: PartitionSpec;
  readonly properties: Readonly<Record<string, string>>;
}

/** A snapshot that becomes the newest one of the main branch, unless another one has become it since. */
export interface Commit {
  readonly tableUuid: string;
  /** The newest snapshot that is known; null: there is none. */
  readonly parentId: bigint | null;
  readonly snapshot: Snapshot;
  readonly properties: Readonly<Record<string, string>>;
}

/** One table behind a catalog. The calls reject with `DestinationError`. */
export interface TableCatalog {
  /** Undefined where there is no such table. Its snapshots need not be more than the newest one. */
  find(signal: AbortSignal): Promise<TableMetadata | undefined>;
  /** The same with all snapshots, of which there may be thousands. */
  findWhole(signal: AbortSignal): Promise<TableMetadata | undefined>;
  /** Makes the table, and its namespace, unless there is one of the name: not every catalog says whether there was. */
  create(table: NewTable, signal: AbortSignal): Promise<void>;
  /**
   * Commits. Resolves with false where the table has changed since it was loaded; nothing was committed then. When it rejects, the
   * snapshot may be committed or not.
   */
  commit(commit: Commit, signal: AbortSignal): Promise<boolean>;
}

/** A table of a catalog that speaks Iceberg's REST protocol: https://iceberg.apache.org/rest-catalog-spec/. */
export class IcebergCatalog implements TableCatalog {
  readonly #name: CataloguedName;
  readonly #access: () => TableAccess;
  #known: { readonly access: TableAccess; readonly connection: CatalogConnection; prefix?: string } | undefined;

  /** `access` is asked before each request, so that credentials can change. It throws `DestinationError`. */
  constructor(name: CataloguedName, access: () => TableAccess) {
    this.#name = name;
    this.#access = access;
  }

  async create({ schema, spec, properties }: NewTable, signal: AbortSignal): Promise<void> {
    const { namespace, table } = this.#name;
    const made = await this.#send({ method: "POST", path: "/namespaces", body: { namespace: [namespace] }, signal });
    if (!isSuccess(made) && made.status !== 409) throw catalogError(`does not make the namespace ${namespace}`, made);
    const body = { name: table, schema, "partition-spec": spec, "stage-create": false, properties };
    const created = await this.#send({ method: "POST", path: `/namespaces/${namespace}/tables`, body, signal });
    if (!isSuccess(created) && created.status !== 409) {
      throw catalogError(`does not make the table ${this.#text}`, created);
    }
  }

  async find(signal: AbortSignal): Promise<TableMetadata | undefined> {
    // Those of branches and tags. Parsing all of them would hold up the requests of the server.
    const loaded = await this.#send({ method: "GET", path: `${this.#path}?snapshots=refs`, signal });
    // SeaweedFS cannot leave snapshots out that are a minute ahead of its clock.
    const isRefused = loaded.status === 400 || loaded.status >= 500;
    return isRefused ? await this.findWhole(signal) : this.#metadataOf(loaded);
  }

  async findWhole(signal: AbortSignal): Promise<TableMetadata | undefined> {
    return this.#metadataOf(await this.#send({ method: "GET", path: this.#path, signal }));
  }

  #metadataOf(loaded: CatalogResponse): TableMetadata | undefined {
    if (loaded.status === 404) return undefined;
    const metadata = isSuccess(loaded) ? tableMetadataOf(loaded.body) : undefined;
    if (metadata === undefined) throw catalogError(`does not give the table ${this.#text}`, loaded);
    return metadata;
  }

  async commit({ tableUuid, parentId, snapshot, properties }: Commit, signal: AbortSignal): Promise<boolean> {
    const id = snapshot["snapshot-id"];
    const body = {
      identifier: { namespace: [this.#name.namespace], name: this.#name.table },
      requirements: [
        { type: "assert-table-uuid", uuid: tableUuid },
        { type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": parentId },
      ],
      updates: [
        { action: "add-snapshot", snapshot },
        { action: "set-snapshot-ref", "ref-name": "main", type: "branch", "snapshot-id": id },
        { action: "set-properties", updates: properties },
      ],
    };
    const committed = await this.#send({ method: "POST", path: this.#path, body, signal, wantsBody: false });
    if (committed.status === 409) return false;
    if (!isSuccess(committed)) throw catalogError(`does not commit to the table ${this.#text}`, committed);
    return true;
  }

  get #text(): string {
    return `${this.#name.namespace}.${this.#name.table}`;
  }

  get #path(): string {
    return `/namespaces/${this.#name.namespace}/tables/${this.#name.table}`;
  }

  /** `path`: behind `/v1` and the prefix that the catalog gives the table bucket. */
  async #send(request: CatalogRequest): Promise<CatalogResponse> {
    const access = this.#access();
    if (this.#known?.access !== access) this.#known = { access, connection: new CatalogConnection(access) };
    const known = this.#known;
    known.prefix ??= await this.#askPrefix(known.connection, access, request.signal);
    return await known.connection.send({ ...request, path: `/v1${known.prefix}${request.path}` });
  }

  async #askPrefix(connection: CatalogConnection, { warehouse }: TableAccess, signal: AbortSignal): Promise<string> {
    const name = encodeURIComponent(warehouse ?? this.#name.bucketArn);
    const asked = await connection.send({ method: "GET", path: `/v1/config?warehouse=${name}`, signal });
    if (!isSuccess(asked)) throw catalogError("does not know the table bucket", asked);
    const { defaults, overrides } = Object(asked.body) as CatalogConfig;
    const prefix = overrides?.prefix ?? defaults?.prefix;
    return typeof prefix === "string" ? `/${prefix}` : "";
  }
}

interface CatalogConfig {
  readonly defaults?: { readonly prefix?: unknown } | null;
  readonly overrides?: { readonly prefix?: unknown } | null;
}

/** Undefined for what lacks a member that is looked at. */
function tableMetadataOf(body: unknown): TableMetadata | undefined {
  const { metadata } = Object(body) as { readonly metadata?: Partial<TableMetadata> | null };
  if (metadata === undefined || metadata === null) return undefined;
  const { location, schemas, snapshots = [], properties = {} } = metadata;
  const isWhole =
    typeof location === "string" &&
    typeof metadata["table-uuid"] === "string" &&
    [schemas, metadata["partition-specs"], snapshots].every(Array.isArray) &&
    isJsonObject(properties);
  return isWhole ? (metadata as TableMetadata) : undefined;
}

function isSuccess({ status }: CatalogResponse): boolean {
  return status >= 200 && status < 300;
}
