import { useState } from "preact/hooks";
import { isReadOnly } from "../api/console-data.ts";
import { kinesis } from "../api/kinesis.ts";
import { Fault } from "../parts/notice.tsx";
import { useAction } from "../parts/use-action.ts";
import { usePolled } from "../parts/use-polled.ts";
import type { StreamView } from "./stream-page.tsx";

const everyMs = 30_000;

/** The resource policy: which other accounts may do what with the stream. */
export function PolicySection({ view }: { readonly view: StreamView }) {
  const { StreamARN: ResourceARN } = view.description;
  const { isBusy, fault, run } = useAction();
  const [text, setText] = useState<string>();
  const got = usePolled(() => kinesis<{ Policy: string }>("GetResourcePolicy", { ResourceARN }), everyMs, ResourceARN);
  const policy = pretty(got.value?.Policy ?? "");
  const change = async (operation: string, input: object): Promise<void> => {
    if (!(await run(() => kinesis(operation, { ResourceARN, ...input })))) return;
    setText(undefined);
    got.refresh();
  };
  return (
    <section>
      <h2>Resource policy</h2>
      {isReadOnly() ? (
        <pre>{policy === "" || policy === "{}" ? "None." : policy}</pre>
      ) : (
        <form
          class="fields"
          onSubmit={(event) => {
            event.preventDefault();
            void change("PutResourcePolicy", { Policy: text ?? policy });
          }}
        >
          <textarea
            rows={6}
            aria-label="Resource policy as JSON"
            spellcheck={false}
            placeholder="None. A policy is a JSON object with Version and Statement."
            value={text ?? (policy === "{}" ? "" : policy)}
            onInput={(event) => setText(event.currentTarget.value)}
          />
          <div class="actions">
            <button
              type="button"
              disabled={isBusy || policy === "" || policy === "{}"}
              onClick={() => void change("DeleteResourcePolicy", {})}
            >
              Remove
            </button>
            <button type="submit" disabled={isBusy || text === undefined || text.trim() === ""}>
              Save
            </button>
          </div>
        </form>
      )}
      {(fault ?? got.fault) !== undefined && <Fault>{fault ?? got.fault}</Fault>}
    </section>
  );
}

function pretty(policy: string): string {
  try {
    return JSON.stringify(JSON.parse(policy), null, 2);
  } catch {
    return policy;
  }
}
