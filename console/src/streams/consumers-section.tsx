import { isReadOnly } from "../api/console-data.ts";
import { kinesis } from "../api/kinesis.ts";
import type { Consumer } from "../api/shapes.ts";
import { durationText } from "../parts/format.ts";
import { Fault } from "../parts/notice.tsx";
import { useAction } from "../parts/use-action.ts";
import { usePolled } from "../parts/use-polled.ts";
import type { StreamView } from "./stream-page.tsx";

const everyMs = 5_000;

/** Consumers that are registered for enhanced fan-out. */
export function ConsumersSection({ view }: { readonly view: StreamView }) {
  const { StreamARN } = view.description;
  const { isBusy, fault, run } = useAction();
  const listed = usePolled(
    () => kinesis<{ Consumers: readonly Consumer[] }>("ListStreamConsumers", { StreamARN }),
    everyMs,
    StreamARN,
  );
  const consumers = listed.value?.Consumers ?? [];
  const change = async (operation: string, input: object): Promise<boolean> => {
    const isDone = await run(() => kinesis(operation, input));
    if (isDone) listed.refresh();
    return isDone;
  };
  const register = async (form: HTMLFormElement): Promise<void> => {
    const ConsumerName = String(new FormData(form).get("name"));
    if (await change("RegisterStreamConsumer", { StreamARN, ConsumerName })) form.reset();
  };
  return (
    <section>
      <h2>Consumers</h2>
      {listed.value !== undefined && consumers.length === 0 && (
        <p class="muted">None is registered for enhanced fan-out. Readers that poll with GetRecords need not be.</p>
      )}
      {consumers.length > 0 && (
        <table>
          <tbody>
            {consumers.map(({ ConsumerName, ConsumerARN, ConsumerStatus }) => {
              const lag = view.traffic?.consumers[ConsumerName];
              return (
                <tr key={ConsumerARN}>
                  <th scope="row" class="long">
                    {ConsumerName}
                  </th>
                  <td>{ConsumerStatus.toLowerCase()}</td>
                  <td>{lagText(lag?.millisBehindLatest)}</td>
                  <td class="num">
                    {!isReadOnly() && (
                      <button
                        type="button"
                        class="small"
                        disabled={isBusy}
                        onClick={() => void change("DeregisterStreamConsumer", { ConsumerARN })}
                      >
                        Deregister
                      </button>
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
      {!isReadOnly() && (
        <form
          class="inline"
          onSubmit={(event) => {
            event.preventDefault();
            void register(event.currentTarget);
          }}
        >
          <label>
            Name
            <input name="name" required maxlength={128} pattern="[a-zA-Z0-9_.\-]+" />
          </label>
          <button type="submit" disabled={isBusy}>
            Register
          </button>
        </form>
      )}
      {(fault ?? listed.fault) !== undefined && <Fault>{fault ?? listed.fault}</Fault>}
    </section>
  );
}

function lagText(millisBehindLatest: number | undefined): string {
  if (millisBehindLatest === undefined) return "has not read since the server's start";
  return millisBehindLatest === 0 ? "up to date" : `${durationText(millisBehindLatest)} behind`;
}
