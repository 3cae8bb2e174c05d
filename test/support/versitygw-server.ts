/** versitygw: buckets behind the API of S3, kept as folders and files. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { isVersitygwInstalled, versitygwPath, versitygwVersion } from "../../scripts/get-versitygw.ts";
import { reportMissing } from "./available-tools.ts";
import { freePort } from "./free-ports.ts";
import {
  type PlacesOptions,
  type StoreCommand,
  type StoreKind,
  StoreServer,
  startStore,
  storeHost,
  storeKeys,
} from "./store-server.ts";

class VersitygwServer extends StoreServer {
  protected readonly name = "versitygw";
  readonly #port: number;

  private constructor(directory: string, port: number) {
    super(directory, port);
    this.#port = port;
  }

  static async start(): Promise<VersitygwServer> {
    const port = await freePort();
    return await startStore((directory) => new VersitygwServer(directory, port));
  }

  /** It compares the owner that is expected with the access key that made the bucket. */
  protected override placeOf(options: PlacesOptions): object {
    return { ...super.placeOf(options), owner: storeKeys.accessKeyId };
  }

  protected override commandOn(directory: string): StoreCommand {
    // Not every file system of temporary files has extended attributes.
    const buckets = join(directory, "buckets");
    const attributes = join(directory, "attributes");
    for (const folder of [buckets, attributes]) mkdirSync(folder, { recursive: true });
    return {
      path: versitygwPath,
      args: ["--quiet", "--port", `${storeHost}:${this.#port}`, "posix", "--sidecar", attributes, buckets],
      env: { ROOT_ACCESS_KEY_ID: storeKeys.accessKeyId, ROOT_SECRET_ACCESS_KEY: storeKeys.secretAccessKey },
    };
  }
}

export const versitygwKind: StoreKind = {
  start: () => VersitygwServer.start(),
  isHere(t) {
    if (isVersitygwInstalled()) return true;
    if (t !== undefined) reportMissing(t, `versitygw ${versitygwVersion}`);
    return false;
  },
};
