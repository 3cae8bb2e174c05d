/** One record at a time: put, and wait until the subscriber has it. */
import { randomBytes, randomUUID } from "node:crypto";
import { activeConsumerArn, activeStreamArn } from "../test/support/kinesis-call.ts";
import type { Scenario } from "./scenarios.ts";
import { type Step, streamName } from "./steps.ts";
import { subscribe } from "./subscriber.ts";
import { blob, type Connection, host, prepareRequest, type Wire } from "./wire.ts";

const pushMsMax = 10_000;

export async function makePushStep(
  connection: Connection,
  { scenario, wire, port }: { readonly scenario: Scenario; readonly wire: Wire; readonly port: number },
): Promise<Step> {
  const endpoint = `http://${host}:${port}`;
  const consumerArn = await activeConsumerArn(endpoint, await activeStreamArn(endpoint, streamName), "bench");
  const waiting = new Map<string, (atMs: number) => void>();
  const stop = await subscribe(endpoint, {
    consumerArn,
    shardId: "shardId-000000000000",
    onRecord: (data, atMs) => waiting.get(data.toString("base64"))?.(atMs),
  });
  return {
    async run() {
      const data = randomBytes(scenario.recordBytes);
      const pushed = Promise.withResolvers<number>();
      const giveUp = setTimeout(() => pushed.reject(new Error("a record was not pushed")), pushMsMax);
      waiting.set(data.toString("base64"), pushed.resolve);
      const input = { StreamName: streamName, PartitionKey: randomUUID(), Data: blob(data, wire) };
      const request = prepareRequest("PutRecord", input, wire);
      const beginMs = performance.now();
      const { status, body } = await connection.send(request);
      if (status !== 200) throw new Error(`PutRecord answered ${status}: ${body.toString("utf8", 0, 300)}`);
      const atMs = await pushed.promise;
      clearTimeout(giveUp);
      waiting.clear();
      return { moved: 1, failed: 0, ms: atMs - beginMs };
    },
    close: stop,
  };
}
