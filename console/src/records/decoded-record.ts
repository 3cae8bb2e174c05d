import { useEffect, useState } from "preact/hooks";
import { fromBase64 } from "../decode/bytes.ts";
import { type Decoded, decode } from "../decode/decode.ts";
import { schema } from "../decode/schema.ts";

/** A record of a stream or queue. */
interface HasData {
  readonly dataBase64: string;
}

/** Records whose decoded data is kept: more than a screen has rows. In a tail every row is decoded once and then scrolls by. */
const keptMax = 200;

/** In the order in which they were decoded, all with the same schema. */
const cache = new Map<HasData, Decoded | Promise<Decoded>>();
let cacheSchema: typeof schema.value;

function decodedOf(record: HasData): Decoded | Promise<Decoded> {
  if (cacheSchema !== schema.value) cache.clear();
  cacheSchema = schema.value;
  const kept = cache.get(record);
  if (kept !== undefined) return kept;
  const decoded = decode(fromBase64(record.dataBase64) ?? new Uint8Array(), cacheSchema?.decodeMessage);
  cache.set(record, decoded);
  for (const oldest of cache.keys()) {
    if (cache.size <= keptMax) break;
    cache.delete(oldest);
  }
  if (decoded instanceof Promise) {
    void decoded.then((value) => {
      if (cache.get(record) === decoded) cache.set(record, value);
    });
  }
  return decoded;
}

/** The record's data as it can be read; undefined while it is unpacked. */
export function useDecoded(record: HasData): Decoded | undefined {
  const [, setTurn] = useState(0);
  const decoded = decodedOf(record);
  useEffect(() => {
    if (!(decoded instanceof Promise)) return undefined;
    let isOver = false;
    void decoded.then(() => {
      if (!isOver) setTurn((count) => count + 1);
    });
    return () => {
      isOver = true;
    };
  }, [decoded]);
  return decoded instanceof Promise ? undefined : decoded;
}

/** Bytes of the data before it was packed or encoded. */
export function dataBytes({ dataBase64 }: HasData): number {
  const padding = dataBase64.endsWith("==") ? 2 : dataBase64.endsWith("=") ? 1 : 0;
  return (dataBase64.length / 4) * 3 - padding;
}
