import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** As much of S3 as channels use: all buckets exist, and an object is stored unless its key has one. Checks no signature. */
export class BucketStandIn implements AsyncDisposable {
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  /** By `/BUCKET/KEY`. */
  readonly objects = new Map<string, Buffer>();
  /** Every bucket is deleted: requests are answered with 404. */
  isGone = false;
  /** Buckets that answer every request with 403. */
  readonly refusing = new Set<string>();

  static async start(): Promise<BucketStandIn> {
    const store = new BucketStandIn();
    store.#server.listen(0, "127.0.0.1");
    await once(store.#server, "listening");
    return store;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** A file for `--channels` that leads every bucket here. */
  async writePlaces(path: string): Promise<void> {
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    await writeFile(path, JSON.stringify({ buckets: { "*": { endpoint: this.endpoint, credentials } } }));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
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

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}
