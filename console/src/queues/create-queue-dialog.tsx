import { useState } from "preact/hooks";
import type { StreamReport } from "../api/console-data.ts";
import { kinesis } from "../api/kinesis.ts";
import { Form } from "../parts/form.tsx";
import { Fault } from "../parts/notice.tsx";
import { Options } from "../parts/options.tsx";
import { useAction } from "../parts/use-action.ts";
import { chosenStreamArn, OnDemandDialog, StreamField } from "../streams/on-demand-dialog.tsx";
import { AttributeFields, attributesFrom } from "./queue-attributes.tsx";

type PositionType = "LATEST" | "TRIM_HORIZON" | "AT_TIMESTAMP";

const positionNames: Readonly<Record<PositionType, string>> = {
  LATEST: "Records that arrive from now on",
  TRIM_HORIZON: "The oldest record of the stream",
  AT_TIMESTAMP: "A time",
};

/** Creates a queue. `onClose` is told whether it did. */
export function CreateQueueDialog({ onClose }: { readonly onClose: (isCreated: boolean) => void }) {
  return (
    <OnDemandDialog what="queue" onClose={() => onClose(false)}>
      {(streams) => <QueueForm streams={streams} onDone={() => onClose(true)} />}
    </OnDemandDialog>
  );
}

interface QueueFormProps {
  readonly streams: readonly StreamReport[];
  readonly onDone: () => void;
}

function QueueForm({ streams, onDone }: QueueFormProps) {
  const { isBusy, fault, run } = useAction();
  const [position, setPosition] = useState<PositionType>("LATEST");
  const create = async (data: FormData): Promise<void> => {
    const Type = position;
    const time = Type === "AT_TIMESTAMP" ? { Timestamp: Date.parse(String(data.get("time"))) / 1000 } : {};
    const StreamARN = await chosenStreamArn(data);
    await kinesis("CreateQueue", {
      QueueName: String(data.get("name")),
      StreamConfigurationList: [{ StreamARN, StartingPosition: { Type, ...time } }],
      QueueAttributes: attributesFrom(data),
    });
  };
  const submit = async (form: HTMLFormElement): Promise<void> => {
    if (await run(() => create(new FormData(form)))) onDone();
  };
  return (
    <Form class="fields" onSubmit={submit}>
      <label>
        Name
        <input name="name" required maxlength={128} autocomplete="off" spellcheck={false} placeholder="order-work" />
      </label>
      <StreamField streams={streams} />
      <label>
        Begins with
        <select value={position} onChange={(event) => setPosition(event.currentTarget.value as PositionType)}>
          <Options names={positionNames} />
        </select>
      </label>
      {position === "AT_TIMESTAMP" && (
        <label>
          Time of the first record
          <input name="time" type="datetime-local" step="1" required />
        </label>
      )}
      <AttributeFields />
      {fault !== undefined && <Fault>{fault}</Fault>}
      <div class="actions">
        <button type="submit" class="primary" disabled={isBusy}>
          Create
        </button>
      </div>
    </Form>
  );
}
