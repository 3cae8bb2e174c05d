import { writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { HttpStandIn } from "./http-stand-in.ts";

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

  /** A file for `--channels` that leads every bucket here. */
  async writePlaces(path: string): Promise<void> {
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    await writeFile(path, JSON.stringify({ buckets: { "*": { endpoint: this.endpoint, credentials } } }));
  }

  protected override async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const path = new URL(request.url ?? "", this.endpoint).pathname;
    response.statusCode = this.isGone ? 404 : this.#store(request.method, path, body);
    response.end();
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
