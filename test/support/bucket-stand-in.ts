import { mkdir, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import type { CatalogStandIn } from "./catalog-stand-in.ts";
import { HttpStandIn } from "./http-stand-in.ts";

/** The records of channels into tables. */
const clickSchema = {
  type: "object",
  required: ["at"],
  properties: { at: { type: "string", format: "date-time" }, page: { type: "string" } },
};
export const clickSchemaArn = "arn:aws:glue:us-east-1:000000000000:schema/registry/clicks";

/** As much of S3 as channels use: all buckets exist, and an object is stored unless its key has one. Checks no signature. */
export class BucketStandIn extends HttpStandIn {
  /** By `/BUCKET/KEY`. */
  readonly objects = new Map<string, Buffer>();
  /** Every bucket is deleted: requests are answered with 404. */
  isGone = false;
  /** Buckets that answer every request with 403. */
  readonly refusing = new Set<string>();

  static async start(): Promise<BucketStandIn> {
    return await new BucketStandIn().listen();
  }

  /**
   * A file for `--channels` that leads every bucket here, and every table bucket to a catalog, with the schema `registry/clicks`
   * beside it.
   */
  async writePlaces(path: string, catalog?: CatalogStandIn): Promise<void> {
    const place = { endpoint: this.endpoint, credentials: { accessKeyId: "test", secretAccessKey: "test" } };
    const buckets = { "*": place };
    if (catalog === undefined) return await writeFile(path, JSON.stringify({ buckets }));
    const tables = { "*": { ...place, catalog: catalog.endpoint, auth: "none" } };
    const registry = join(dirname(path), "schemas", "registry");
    await mkdir(registry, { recursive: true });
    await writeFile(join(registry, "clicks.json"), JSON.stringify(clickSchema));
    await writeFile(path, JSON.stringify({ buckets, tables, schemas: "schemas" }));
  }

  protected override async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const path = new URL(request.url ?? "", this.endpoint).pathname;
    const object = request.method === "GET" ? this.objects.get(path) : undefined;
    response.statusCode = this.isGone ? 404 : this.#store(request.method, path, body);
    response.setHeader("etag", '"etag"');
    response.end(object);
  }

  /** Returns the status of the response. */
  #store(method: string | undefined, path: string, body: Buffer): number {
    const [, bucket = ""] = path.split("/");
    if (this.refusing.has(bucket)) return 403;
    if (method !== "PUT") return 200;
    if (this.objects.has(path)) return 412;
    this.objects.set(path, body);
    return 200;
  }
}
