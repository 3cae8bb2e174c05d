/** The AWS SDK for JavaScript: a command by its name, its own paginators and waiters. */
import * as kinesis from "@aws-sdk/client-kinesis";
import type { ApiClient, Members, Outcome } from "./api-client.ts";

const waiterSeconds = { minDelay: 1, maxDelay: 1, maxWaitTime: 30 };

type Send = (command: unknown) => Promise<Members>;
type Paginate = (
  config: { readonly client: kinesis.KinesisClient; readonly pageSize: number },
  input: Members,
) => AsyncIterable<Members>;

export function sdkApiClient(config: kinesis.KinesisClientConfig): ApiClient {
  const client = new kinesis.KinesisClient({
    region: "us-east-1",
    credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "example-secret" },
    maxAttempts: 1,
    ...config,
  });
  const exported = kinesis as unknown as Readonly<Record<string, unknown>>;
  const names = Object.keys(exported).filter((name) => /^[A-Z]\w+Command$/.test(name));
  const send = (operation: string, input: Members): Promise<Members> => {
    const Command = exported[`${operation}Command`] as new (input: Members) => unknown;
    return (client.send as unknown as Send).call(client, new Command(sdkValue("", input) as Members));
  };
  return {
    name: "the AWS SDK for JavaScript",
    operations: new Set(names.map((name) => name.slice(0, -"Command".length))),
    async call(operation, input): Promise<Outcome> {
      try {
        const { $metadata, ...output } = await send(operation, input);
        return { kind: "answered", output: plainValue(output) as Members };
      } catch (error) {
        if (!(error instanceof kinesis.KinesisServiceException)) throw error;
        return { kind: "refused", type: error.name, message: error.message };
      }
    },
    async pages(operation, input, pageSize) {
      const paginate = exported[`paginate${operation}`] as Paginate | undefined;
      if (paginate === undefined) return undefined;
      const pages: Members[] = [];
      for await (const page of paginate({ client, pageSize }, input)) pages.push(plainValue(page) as Members);
      return pages;
    },
    async wait(waiter, StreamName) {
      const wait = waiter === "StreamExists" ? kinesis.waitUntilStreamExists : kinesis.waitUntilStreamNotExists;
      await wait({ client, ...waiterSeconds }, { StreamName });
    },
    async subscribe(input, recordCount) {
      const answer = await send("SubscribeToShard", input);
      const found: string[] = [];
      for await (const event of answer["EventStream"] as AsyncIterable<kinesis.SubscribeToShardEventStream>) {
        for (const { Data } of event.SubscribeToShardEvent?.Records ?? []) found.push(textOf(Data ?? new Uint8Array()));
        if (found.length >= recordCount) break;
      }
      return found;
    },
    async close() {
      client.destroy();
    },
  };
}

/** The SDK takes bytes and dates where JSON has text. */
function sdkValue(name: string, value: unknown): unknown {
  if (typeof value === "string") {
    if (name === "Data") return new TextEncoder().encode(value);
    return name.endsWith("Timestamp") ? new Date(value) : value;
  }
  if (Array.isArray(value)) return value.map((item) => sdkValue("", item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, sdkValue(key, member)]));
}

function plainValue(value: unknown): unknown {
  if (value instanceof Uint8Array) return textOf(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plainValue(member)]));
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
