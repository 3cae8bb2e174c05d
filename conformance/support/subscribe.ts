import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { crc32 } from "node:zlib";
import { jsonContentType } from "./call.ts";
import type { RecordsPage, StoredRecord } from "./outputs.ts";
import { signRequest } from "./sign-request.ts";
import { target } from "./target.ts";

/** One message of an event stream. */
export interface Message {
  /** In the order in which they came. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly payload: SubscriptionEvent;
}

export interface SubscriptionEvent {
  readonly ContinuationSequenceNumber?: string;
  readonly MillisBehindLatest?: number;
  readonly Records?: readonly StoredRecord[];
  readonly ChildShards?: RecordsPage["ChildShards"];
}

export interface Subscription extends AsyncDisposable {
  readonly response: IncomingMessage;
  readonly messages: AsyncIterator<Message, undefined>;
}

/** Subscribes over HTTP/1.1; `await using` ends the subscription. */
export async function subscribe(input: object): Promise<Subscription> {
  const where = target();
  const body = JSON.stringify(input);
  const headers = signRequest(
    {
      headers: { "Content-Type": jsonContentType, "X-Amz-Target": "Kinesis_20131202.SubscribeToShard" },
      body,
      now: new Date(),
    },
    where,
  );
  const start = where.endpoint.protocol === "https:" ? httpsRequest : httpRequest;
  const request = start(where.endpoint, { method: "POST", headers, agent: false });
  request.end(body);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return {
    response,
    messages: readMessages(response),
    async [Symbol.asyncDispose]() {
      request.destroy();
    },
  };
}

async function* readMessages(response: IncomingMessage): AsyncGenerator<Message, undefined> {
  let pending: Buffer = Buffer.alloc(0);
  for await (const chunk of response as AsyncIterable<Buffer>) {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 4 && pending.length >= pending.readUInt32BE(0)) {
      const length = pending.readUInt32BE(0);
      yield parseMessage(pending.subarray(0, length));
      pending = pending.subarray(length);
    }
  }
  assert.equal(pending.length, 0, "the stream ends with a whole message");
  return undefined;
}

/** Total length, length of headers, checksum of both; headers; payload; checksum of all. */
function parseMessage(bytes: Buffer): Message {
  assert.equal(bytes.readUInt32BE(8), crc32(bytes.subarray(0, 8)));
  assert.equal(bytes.readUInt32BE(bytes.length - 4), crc32(bytes.subarray(0, -4)));
  const headersEnd = 12 + bytes.readUInt32BE(4);
  const headers: (readonly [string, string])[] = [];
  for (let at = 12; at < headersEnd; ) {
    const nameEnd = at + 1 + bytes.readUInt8(at);
    assert.equal(bytes.readUInt8(nameEnd), 7, "a header is a string");
    const valueEnd = nameEnd + 3 + bytes.readUInt16BE(nameEnd + 1);
    headers.push([bytes.toString("utf8", at + 1, nameEnd), bytes.toString("utf8", nameEnd + 3, valueEnd)]);
    at = valueEnd;
  }
  return { headers, payload: JSON.parse(bytes.toString("utf8", headersEnd, bytes.length - 4)) as SubscriptionEvent };
}
