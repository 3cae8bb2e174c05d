import { type Millrace, type MillraceOptions, startMillrace } from "../../../src/app/in-process-server.ts";
import { call } from "../../support/kinesis-call.ts";

export interface ConsoleServer extends AsyncDisposable {
  readonly endpoint: string;
  /** The address of the page, with what follows `#`. */
  readonly at: (place?: string) => string;
  readonly kinesis: <Output>(operation: string, input: object) => Promise<Output>;
  readonly put: (StreamName: string, PartitionKey: string, data: string | Uint8Array) => Promise<StoredAt>;
}

export interface StoredAt {
  readonly ShardId: string;
  readonly SequenceNumber: string;
}

/** A server of this process, in memory, with one stream of two shards, `orders`. */
export async function startConsole(options: MillraceOptions = {}): Promise<ConsoleServer> {
  const millrace: Millrace = await startMillrace({ stream: "orders:2", ...options });
  const { endpoint } = millrace;
  const kinesis = <Output>(operation: string, input: object): Promise<Output> =>
    call<Output>(endpoint, operation, input);
  return {
    endpoint,
    at: (place = "") => `${endpoint}/console/${place}`,
    kinesis,
    put: (StreamName, PartitionKey, data) =>
      kinesis<StoredAt>("PutRecord", { StreamName, PartitionKey, Data: Buffer.from(data).toString("base64") }),
    [Symbol.asyncDispose]: () => millrace.close(),
  };
}
