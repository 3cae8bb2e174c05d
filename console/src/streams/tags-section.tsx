import { isReadOnly } from "../api/console-data.ts";
import { kinesis } from "../api/kinesis.ts";
import { Fault } from "../parts/notice.tsx";
import { useAction } from "../parts/use-action.ts";
import { usePolled } from "../parts/use-polled.ts";
import type { StreamView } from "./stream-page.tsx";

interface Tag {
  readonly Key: string;
  readonly Value?: string;
}

const everyMs = 10_000;

export function TagsSection({ view: { name: StreamName } }: { readonly view: StreamView }) {
  const { isBusy, fault, run } = useAction();
  const listed = usePolled(
    () => kinesis<{ Tags: readonly Tag[] }>("ListTagsForStream", { StreamName }),
    everyMs,
    StreamName,
  );
  const tags = listed.value?.Tags ?? [];
  const change = async (operation: string, input: object): Promise<boolean> => {
    const isDone = await run(() => kinesis(operation, { StreamName, ...input }));
    if (isDone) listed.refresh();
    return isDone;
  };
  const add = async (form: HTMLFormElement): Promise<void> => {
    const data = new FormData(form);
    const Tags = { [String(data.get("key"))]: String(data.get("value")) };
    if (await change("AddTagsToStream", { Tags })) form.reset();
  };
  return (
    <section>
      <h2>Tags</h2>
      {listed.value !== undefined && tags.length === 0 && <p class="muted">No tags.</p>}
      {tags.length > 0 && (
        <table>
          <tbody>
            {tags.map(({ Key, Value }) => (
              <tr key={Key}>
                <th scope="row" class="long">
                  {Key}
                </th>
                <td class="long">{Value}</td>
                <td class="num">
                  {!isReadOnly() && (
                    <button
                      type="button"
                      class="small"
                      aria-label={`Remove the tag ${Key}`}
                      disabled={isBusy}
                      onClick={() => void change("RemoveTagsFromStream", { TagKeys: [Key] })}
                    >
                      Remove
                    </button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {!isReadOnly() && (
        <form
          class="inline"
          onSubmit={(event) => {
            event.preventDefault();
            void add(event.currentTarget);
          }}
        >
          <label>
            Tag
            <input name="key" required maxlength={128} />
          </label>
          <label>
            Value
            <input name="value" maxlength={256} />
          </label>
          <button type="submit" disabled={isBusy}>
            Add
          </button>
        </form>
      )}
      {(fault ?? listed.fault) !== undefined && <Fault>{fault ?? listed.fault}</Fault>}
    </section>
  );
}
