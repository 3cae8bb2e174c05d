import { fromBase64 } from "../decode/bytes.ts";
import { decode, type MessageDecoder } from "../decode/decode.ts";
import type { Schema } from "../decode/schema.ts";
import { type Filter, matcherOf } from "./filter.ts";

/** Records to look at; the answer has the ids of those that match, and the number of the task. */
export interface MatchTask {
  readonly number: number;
  readonly filter: Filter;
  readonly rows: readonly { readonly id: number; readonly partitionKey: string; readonly dataBase64: string }[];
}

export interface MatchResult {
  readonly number: number;
  readonly ids: readonly number[];
}

/** The first message, where the records have a schema. */
export interface SchemaNotice {
  readonly schema: Schema;
}

let decoder: Promise<MessageDecoder | undefined> = Promise.resolve(undefined);

// In a worker, because a regular expression may take for ever: the page then ends the worker.
self.addEventListener("message", ({ data }: MessageEvent<MatchTask | SchemaNotice>) => {
  if ("schema" in data) decoder = decoderOf(data.schema);
  else void match(data).then((result) => self.postMessage(result));
});

async function decoderOf({ descriptorsBase64, messageName }: Schema): Promise<MessageDecoder> {
  const { messageDecoder } = await import("../decode/protobuf-messages.ts");
  return messageDecoder(fromBase64(descriptorsBase64) ?? new Uint8Array(), messageName);
}

async function match({ number, filter, rows }: MatchTask): Promise<MatchResult> {
  const matches = matcherOf(filter);
  const decodeMessage = await decoder;
  const ids: number[] = [];
  for (const { id, partitionKey, dataBase64 } of rows) {
    const decoding = decode(fromBase64(dataBase64) ?? new Uint8Array(), decodeMessage);
    const decoded = decoding instanceof Promise ? await decoding : decoding;
    if (matches({ partitionKey, text: decoded.text, value: decoded.value })) ids.push(id);
  }
  return { number, ids };
}
