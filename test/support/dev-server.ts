import { setTimeout as pause } from "node:timers/promises";
import { type MillraceOptions, startMillrace } from "../../src/app/in-process-server.ts";
import { headersFor } from "./kinesis-call.ts";

export interface DevResponse<Body> {
  readonly status: number;
  readonly body: Body;
}

/** A server of this process with `--dev` and one stream of one shard, `orders`. */
export async function startDevServer(options: MillraceOptions = {}): Promise<DevServer> {
  const millrace = await startMillrace({ dev: true, stream: "orders:1", ...options });
  return new DevServer(millrace.endpoint, () => millrace.close());
}

export class DevServer implements AsyncDisposable {
  readonly endpoint: string;
  readonly #close: () => Promise<void>;

  constructor(endpoint: string, close: () => Promise<void>) {
    this.endpoint = endpoint;
    this.#close = close;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }

  /** One operation, whatever its answer. */
  async kinesis<Body>(operation: string, input: object): Promise<DevResponse<Body>> {
    const headers = headersFor(operation);
    return await this.#send("/", { method: "POST", headers, body: JSON.stringify(input) });
  }

  async dev<Body>(method: string, path: string, body?: unknown): Promise<DevResponse<Body>> {
    return await this.#send(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  }

  async advance(ms: number): Promise<void> {
    const { status } = await this.dev("POST", "/dev/clock", { advanceMs: ms });
    if (status !== 200) throw new Error(`the clock was not moved: ${status}`);
  }

  async iteratorAt(StreamName: string, type = "TRIM_HORIZON"): Promise<string> {
    const input = { StreamName, ShardId: "shardId-000000000000", ShardIteratorType: type };
    return (await this.kinesis<{ readonly ShardIterator: string }>("GetShardIterator", input)).body.ShardIterator;
  }

  /** What all records of the stream's first shard hold. */
  async textsOf(StreamName: string): Promise<readonly string[]> {
    const ShardIterator = await this.iteratorAt(StreamName);
    const page = await this.kinesis<{ readonly Records: readonly { readonly Data: string }[] }>("GetRecords", {
      ShardIterator,
    });
    return page.body.Records.map(({ Data }) => Buffer.from(Data, "base64").toString());
  }

  async statusOf(StreamName: string): Promise<string | undefined> {
    interface Summary {
      readonly StreamDescriptionSummary?: { readonly StreamStatus: string };
    }
    const { body } = await this.kinesis<Summary>("DescribeStreamSummary", { StreamName });
    return body.StreamDescriptionSummary?.StreamStatus;
  }

  async untilStatus(StreamName: string, status: string | undefined): Promise<void> {
    while ((await this.statusOf(StreamName)) !== status) await pause(5);
  }

  async #send<Body>(path: string, init: RequestInit): Promise<DevResponse<Body>> {
    const response = await fetch(`${this.endpoint}${path}`, init);
    const text = await response.text();
    return { status: response.status, body: (text === "" ? undefined : JSON.parse(text)) as Body };
  }
}

export function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
