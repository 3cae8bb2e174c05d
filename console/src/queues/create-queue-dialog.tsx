import { useState } from "preact/hooks";
import { kinesis } from "../api/kinesis.ts";
import { Options } from "../parts/options.tsx";
import { OnDemandDialog } from "../streams/on-demand-dialog.tsx";
import { AttributeFields, attributesFrom } from "./queue-attributes.tsx";

type PositionType = "LATEST" | "TRIM_HORIZON" | "AT_TIMESTAMP";

const positionNames: Readonly<Record<PositionType, string>> = {
  LATEST: "Records that arrive from now on",
  TRIM_HORIZON: "The oldest record of the stream",
  AT_TIMESTAMP: "A time",
};

/** Creates a queue. `onClose` is told whether it did. */
export function CreateQueueDialog({ onClose }: { readonly onClose: (isCreated: boolean) => void }) {
  const [position, setPosition] = useState<PositionType>("LATEST");
  const create = (data: FormData, StreamARN: string): Promise<unknown> => {
    const time = position === "AT_TIMESTAMP" ? { Timestamp: Date.parse(String(data.get("time"))) / 1000 } : {};
    return kinesis("CreateQueue", {
      QueueName: String(data.get("name")),
      StreamConfigurationList: [{ StreamARN, StartingPosition: { Type: position, ...time } }],
      QueueAttributes: attributesFrom(data),
    });
  };
  return (
    <OnDemandDialog what="queue" namePlaceholder="order-work" {...{ create, onClose }}>
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
    </OnDemandDialog>
  );
}
