import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { fromBase64 } from "./bytes.ts";
import type { MessageDecoder } from "./decode.ts";

/** What the records of a stream are, as a person has told the page. */
export interface Schema {
  /** A FileDescriptorSet. */
  readonly descriptorsBase64: string;
  readonly messageName: string;
}

/** With its decoder, which is loaded when there is a schema. */
interface LoadedSchema extends Schema {
  readonly decodeMessage: MessageDecoder;
}

/** The schema of the stream in view. */
export const schema = signal<LoadedSchema | undefined>(undefined);

/** A larger file is forgotten with the page: browsers keep 5 MiB for each site. */
const keptCharsMax = 1024 * 1024;

export async function loadMessages(): Promise<typeof import("./protobuf-messages.ts")> {
  return await import("./protobuf-messages.ts");
}

function storageKey(stream: string): string {
  return `millrace-schema/${stream}`;
}

/** Sets the schema of a stream and remembers it in this browser. Errors: what is wrong with the schema. */
export async function changeSchema(stream: string, next: Schema | undefined): Promise<void> {
  schema.value = next === undefined ? undefined : await withDecoder(next);
  const isKept = next !== undefined && next.descriptorsBase64.length <= keptCharsMax;
  if (isKept) localStorage.setItem(storageKey(stream), JSON.stringify(next));
  else localStorage.removeItem(storageKey(stream));
}

async function withDecoder(next: Schema): Promise<LoadedSchema> {
  const { messageDecoder } = await loadMessages();
  const descriptors = fromBase64(next.descriptorsBase64) ?? new Uint8Array();
  return { ...next, decodeMessage: messageDecoder(descriptors, next.messageName) };
}

async function readStored(stream: string): Promise<LoadedSchema | undefined> {
  const text = localStorage.getItem(storageKey(stream));
  return text === null ? undefined : await withDecoder(JSON.parse(text) as Schema);
}

/** Decodes records with the schema that was set for the stream, while a component shows them. */
export function useSchemaOf(stream: string): void {
  useEffect(() => {
    let isOver = false;
    void readStored(stream).then(
      (stored) => {
        if (!isOver) schema.value = stored;
      },
      // What this version cannot read is asked for again.
      () => localStorage.removeItem(storageKey(stream)),
    );
    return () => {
      isOver = true;
      schema.value = undefined;
    };
  }, [stream]);
}
