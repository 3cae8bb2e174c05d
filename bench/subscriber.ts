/** A subscriber that says when each record has come. */
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { EventMessages } from "../test/support/event-messages.ts";
import { headersFor } from "../test/support/kinesis-call.ts";

export interface Subscription {
  readonly consumerArn: string;
  readonly shardId: string;
  /** Called for each record; `atMs` is when its bytes were read, on the clock of `performance.now()`. */
  readonly onRecord: (data: Buffer, atMs: number) => void;
}

/** Subscribes from LATEST. What it returns ends the subscription. */
export async function subscribe(
  endpoint: string,
  { consumerArn, shardId, onRecord }: Subscription,
): Promise<() => void> {
  const body = { ConsumerARN: consumerArn, ShardId: shardId, StartingPosition: { Type: "LATEST" } };
  const sent = request(endpoint, { method: "POST", headers: headersFor("SubscribeToShard"), agent: false });
  sent.end(JSON.stringify(body));
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`SubscribeToShard answered ${response.statusCode}`);
  const messages = new EventMessages();
  response.on("error", () => undefined);
  response.on("data", (chunk: Buffer) => {
    const atMs = performance.now();
    for (const { headers, payload } of messages.take(chunk)) {
      if (headers.get(":event-type") !== "SubscribeToShardEvent") continue;
      const event = JSON.parse(payload.toString()) as { readonly Records: readonly { readonly Data: string }[] };
      for (const { Data } of event.Records) onRecord(Buffer.from(Data, "base64"), atMs);
    }
  });
  return () => sent.destroy();
}
