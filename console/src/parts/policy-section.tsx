import { useState } from "preact/hooks";
import { isReadOnly } from "../api/console-data.ts";
import { kinesis } from "../api/kinesis.ts";
import { Form } from "./form.tsx";
import { Fault } from "./notice.tsx";
import { useChange } from "./use-change.ts";
import { usePolled } from "./use-polled.ts";

const everyMs = 30_000;

/** The resource policy: which other accounts may do what with a stream, consumer, queue or channel. */
export function PolicySection({ arn: ResourceARN }: { readonly arn: string }) {
  const [text, setText] = useState<string>();
  const got = usePolled(() => kinesis<{ Policy: string }>("GetResourcePolicy", { ResourceARN }), everyMs, ResourceARN);
  const policy = pretty(got.value?.Policy ?? "");
  const { isBusy, fault, change } = useChange(() => {
    setText(undefined);
    got.refresh();
  });
  return (
    <section>
      <h2>Resource policy</h2>
      {isReadOnly() ? (
        <pre>{policy === "" || policy === "{}" ? "None." : policy}</pre>
      ) : (
        <Form
          class="fields"
          onSubmit={() => {
            void change("PutResourcePolicy", { ResourceARN, Policy: text ?? policy });
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
              onClick={() => void change("DeleteResourcePolicy", { ResourceARN })}
            >
              Remove
            </button>
            <button type="submit" disabled={isBusy || text === undefined || text.trim() === ""}>
              Save
            </button>
          </div>
        </Form>
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
