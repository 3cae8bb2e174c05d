import { useState } from "preact/hooks";
import { streamLink } from "../app/route.ts";
import { fromBase64, fromUtf8 } from "../decode/bytes.ts";
import { Form } from "../parts/form.tsx";
import { Fault } from "../parts/notice.tsx";
import { useAction } from "../parts/use-action.ts";
import { hashKeyOf, shardAt } from "../shards/shard.ts";
import type { StreamView } from "../streams/stream-page.tsx";
import { draft } from "./draft.ts";
import { type DataEncoding, encodeData } from "./parse-records.ts";
import { putOne, type Stored } from "./send.ts";

interface Fields {
  readonly stream: string;
  readonly partitionKey: string;
  readonly explicitHashKey: string;
  readonly data: string;
  readonly encoding: DataEncoding;
}

function firstFields(stream: string): Fields {
  const fresh = {
    stream,
    partitionKey: "key-1",
    explicitHashKey: "",
    data: '{"hello": "world"}',
    encoding: "text",
  } as const;
  const again = draft.value;
  if (again === undefined) return fresh;
  const text = fromUtf8(fromBase64(again.dataBase64) ?? new Uint8Array());
  const data = text ?? again.dataBase64;
  return { ...fresh, partitionKey: again.partitionKey, data, encoding: text === undefined ? "base64" : "text" };
}

/** Puts one record: a new one, or a shown one again. */
export function OneForm({ view }: { readonly view: StreamView }) {
  const { isBusy, fault, run } = useAction();
  const [fields, setFields] = useState(() => firstFields(view.name));
  const [stored, setStored] = useState<Stored & { readonly stream: string }>();
  const change = (more: Partial<Fields>): void => setFields((before) => ({ ...before, ...more }));
  const encoded = encodeData(fields.data, fields.encoding);
  const { explicitHashKey, partitionKey, stream } = fields;
  const isHere = stream === view.name;
  const hashKey = /^\d+$/.test(explicitHashKey) ? BigInt(explicitHashKey) : hashKeyOf(partitionKey);
  const goal = isHere ? shardAt(view.shards, hashKey) : undefined;
  const put = async (): Promise<void> => {
    if ("problem" in encoded) return;
    draft.value = undefined;
    const own = explicitHashKey.trim() === "" ? {} : { explicitHashKey: explicitHashKey.trim() };
    await run(async () => {
      setStored({ stream, ...(await putOne(stream, { partitionKey, dataBase64: encoded.base64, ...own })) });
    });
  };
  return (
    <Form
      class="fields"
      onSubmit={() => void put()}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void put();
      }}
    >
      <label>
        Stream
        <input
          value={stream}
          required
          spellcheck={false}
          onInput={(event) => change({ stream: event.currentTarget.value })}
        />
      </label>
      <label>
        Partition key
        <input
          value={partitionKey}
          required
          spellcheck={false}
          onInput={(event) => change({ partitionKey: event.currentTarget.value })}
        />
        {goal !== undefined && <small>goes to {goal.id}</small>}
      </label>
      <details>
        <summary>Explicit hash key</summary>
        <label>
          A number from 0 to 2^128 - 1, which takes the place of the key's hash
          <input
            value={explicitHashKey}
            inputMode="numeric"
            onInput={(event) => change({ explicitHashKey: event.currentTarget.value })}
          />
        </label>
      </details>
      <div class="with-label">
        <label for="put-data">Data</label>
        <select
          aria-label="How the data is written"
          value={fields.encoding}
          onChange={(event) => change({ encoding: event.currentTarget.value as DataEncoding })}
        >
          <option value="text">as text</option>
          <option value="base64">in base64</option>
          <option value="hex">in hex</option>
        </select>
      </div>
      <textarea
        id="put-data"
        rows={8}
        spellcheck={false}
        value={fields.data}
        onInput={(event) => change({ data: event.currentTarget.value })}
      />
      {"problem" in encoded && <Fault>{encoded.problem}</Fault>}
      {fault !== undefined && <Fault>{fault}</Fault>}
      <div class="actions">
        <output aria-live="polite">
          {stored !== undefined && (
            <>
              Stored in {stored.shardId}.{" "}
              <a href={streamLink(stored.stream, "records", { shard: stored.shardId, seq: stored.sequenceNumber })}>
                Show it
              </a>
            </>
          )}
        </output>
        <button type="submit" class="primary" disabled={isBusy || "problem" in encoded} title="Ctrl+Enter">
          Put
        </button>
      </div>
    </Form>
  );
}
