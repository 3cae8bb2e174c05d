import { useState } from "preact/hooks";
import { callerKey, type StreamReport } from "../api/console-data.ts";
import { kinesis } from "../api/kinesis.ts";
import type { StreamDescription } from "../api/shapes.ts";
import { streamLink } from "../app/route.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Form } from "../parts/form.tsx";
import { Fault } from "../parts/notice.tsx";
import { useAction } from "../parts/use-action.ts";
import { usePolled } from "../parts/use-polled.ts";
import { listStreams } from "../streams/list-streams.ts";
import { AttributeFields, attributesFrom } from "./queue-attributes.tsx";

const streamsEveryMs = 10_000;

type PositionType = "LATEST" | "TRIM_HORIZON" | "AT_TIMESTAMP";

const positionNames: Readonly<Record<PositionType, string>> = {
  LATEST: "Records that arrive from now on",
  TRIM_HORIZON: "The oldest record of the stream",
  AT_TIMESTAMP: "A time",
};

/** Creates a queue. `onClose` is told whether it did. */
export function CreateQueueDialog({ onClose }: { readonly onClose: (isCreated: boolean) => void }) {
  const listed = usePolled(listStreams, streamsEveryMs, callerKey());
  const usable = listed.value?.filter(({ isOnDemand, status }) => isOnDemand && status !== "DELETING");
  return (
    <Dialog title="Create a queue" onClose={() => onClose(false)}>
      {listed.fault !== undefined && <Fault>{listed.fault}</Fault>}
      {usable?.length === 0 && <NoStreamForIt first={listed.value?.[0]?.name} />}
      {usable !== undefined && usable.length > 0 && <QueueForm streams={usable} onDone={() => onClose(true)} />}
    </Dialog>
  );
}

function NoStreamForIt({ first }: { readonly first: string | undefined }) {
  return (
    <>
      <p>A queue needs a stream in on-demand mode, and there is none.</p>
      <p class="hint">
        {first === undefined ? (
          <>
            Create one on the page <a href="#/streams">Streams</a>.
          </>
        ) : (
          <>
            Create one on the page <a href="#/streams">Streams</a>, or change the mode of one, such as that of{" "}
            <a href={streamLink(first, "settings")}>{first}</a>.
          </>
        )}
      </p>
    </>
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
    const StreamName = String(data.get("stream"));
    const Type = position;
    const time = Type === "AT_TIMESTAMP" ? { Timestamp: Date.parse(String(data.get("time"))) / 1000 } : {};
    const { StreamDescriptionSummary: stream } = await kinesis<{ StreamDescriptionSummary: StreamDescription }>(
      "DescribeStreamSummary",
      { StreamName },
    );
    await kinesis("CreateQueue", {
      QueueName: String(data.get("name")),
      StreamConfigurationList: [{ StreamARN: stream.StreamARN, StartingPosition: { Type, ...time } }],
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
      <label>
        Stream
        <select name="stream">
          {streams.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <small>Streams in on-demand mode.</small>
      </label>
      <label>
        Begins with
        <select value={position} onChange={(event) => setPosition(event.currentTarget.value as PositionType)}>
          {Object.entries(positionNames).map(([type, name]) => (
            <option key={type} value={type}>
              {name}
            </option>
          ))}
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
