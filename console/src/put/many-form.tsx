import { useMemo, useState } from "preact/hooks";
import { Form } from "../parts/form.tsx";
import { plural } from "../parts/format.ts";
import { Fault } from "../parts/notice.tsx";
import { useAction } from "../parts/use-action.ts";
import type { StreamView } from "../streams/stream-page.tsx";
import { parseLines } from "./parse-records.ts";
import { putMany } from "./send.ts";

/** Puts one record for each line of a pasted text or of a file. */
export function ManyForm({ view }: { readonly view: StreamView }) {
  const { isBusy, fault, run } = useAction();
  const [text, setText] = useState("");
  const [stored, setStored] = useState<number>();
  const parsed = useMemo(() => parseLines(text, (index) => `line-${index + 1}`), [text]);
  const count = "records" in parsed ? parsed.records.length : 0;
  const put = async (): Promise<void> => {
    if ("problem" in parsed) return;
    setStored(0);
    await run(() => putMany(view.name, parsed.records, (more) => setStored((before) => (before ?? 0) + more)));
  };
  return (
    <Form class="fields" onSubmit={() => void put()}>
      <label>
        A file
        <input
          type="file"
          accept=".ndjson,.jsonl,.json,.txt,.log"
          onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            if (file !== undefined) void file.text().then(setText);
          }}
        />
      </label>
      <label>
        Or one record a line
        <textarea
          rows={12}
          spellcheck={false}
          value={text}
          placeholder={'any text\n{"partitionKey": "customer-7", "data": "aGVsbG8="}'}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <small>
          A line with “partitionKey” and “data” in base64, as the download writes it, is put as it was. Any other line
          is the data of a record.
        </small>
      </label>
      {"problem" in parsed && <Fault>{parsed.problem}</Fault>}
      {fault !== undefined && <Fault>{fault}</Fault>}
      <div class="actions">
        <output aria-live="polite">{stored !== undefined && `${plural(stored, "record")} stored`}</output>
        <button type="submit" class="primary" disabled={isBusy || count === 0}>
          Put {plural(count, "record")}
        </button>
      </div>
    </Form>
  );
}
