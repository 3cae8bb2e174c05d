import { useState } from "preact/hooks";
import type { QueueDescription } from "../api/shapes.ts";

type Attributes = NonNullable<QueueDescription["QueueAttributes"]>;

/** Developer Guide, "Dead-letter records": what a queue has where nothing was ever set. */
const defaults: Attributes = {
  VisibilityTimeoutSeconds: 30,
  DeadLetterConfiguration: { TargetType: "BUILT_IN", MaxReceiveCount: 6 },
};

/** The fields of a form for the attributes of a queue; `attributesFrom` reads them. */
export function AttributeFields({ present = defaults }: { readonly present?: Attributes | undefined }) {
  const { VisibilityTimeoutSeconds, DeadLetterConfiguration } = present;
  const [keepsDead, setKeepsDead] = useState(DeadLetterConfiguration?.TargetType !== "NONE");
  return (
    <>
      <label>
        Visibility timeout, in seconds
        <input name="timeout" type="number" min={0} max={43_200} required defaultValue={VisibilityTimeoutSeconds} />
        <small>A record that no worker acknowledges in this time is handed out again.</small>
      </label>
      <label class="check">
        <input
          type="checkbox"
          name="keeps-dead"
          checked={keepsDead}
          onInput={(event) => setKeepsDead(event.currentTarget.checked)}
        />
        Set records aside as dead letters that fail too often
      </label>
      {keepsDead ? (
        <label>
          Receives before a record is a dead letter
          <input
            name="receives"
            type="number"
            min={1}
            max={1_000}
            required
            defaultValue={DeadLetterConfiguration?.MaxReceiveCount ?? 6}
          />
        </label>
      ) : (
        <p class="hint">A record that always fails is then handed out again until it expires.</p>
      )}
    </>
  );
}

export function attributesFrom(data: FormData): Attributes {
  return {
    VisibilityTimeoutSeconds: Number(data.get("timeout")),
    DeadLetterConfiguration:
      data.get("keeps-dead") === null
        ? { TargetType: "NONE" }
        : { TargetType: "BUILT_IN", MaxReceiveCount: Number(data.get("receives")) },
  };
}
