import { fromBase64 } from "../decode/bytes.ts";
import { decode } from "../decode/decode.ts";
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

// In a worker, because a regular expression may take for ever: the page then ends the worker.
self.addEventListener("message", ({ data: task }: MessageEvent<MatchTask>) => {
  void match(task).then((result) => self.postMessage(result));
});

async function match({ number, filter, rows }: MatchTask): Promise<MatchResult> {
  const matches = matcherOf(filter);
  const ids: number[] = [];
  for (const { id, partitionKey, dataBase64 } of rows) {
    const decoding = decode(fromBase64(dataBase64) ?? new Uint8Array());
    const decoded = decoding instanceof Promise ? await decoding : decoding;
    if (matches({ partitionKey, text: decoded.text, value: decoded.value })) ids.push(id);
  }
  return { number, ids };
}
