import { isReadOnly } from "../api/console-data.ts";
import { kinesis } from "../api/kinesis.ts";
import { ConfirmButton } from "../parts/confirm-button.tsx";
import { SwitchSection } from "../parts/switch-section.tsx";
import { useChange } from "../parts/use-change.ts";
import { ShardCountSection, WarmThroughputSection } from "./size-sections.tsx";
import type { StreamView } from "./stream-page.tsx";

/** Who decides how many shards there are, with the settings that each mode has. */
export function ModeSection({ view }: { readonly view: StreamView }) {
  const isOnDemand = view.description.StreamModeDetails?.StreamMode === "ON_DEMAND";
  return (
    <>
      <section>
        <h2>Mode</h2>
        <p>
          {isOnDemand
            ? "On demand: there is no number of shards to choose, and the stream can have queues and channels."
            : "Provisioned: the stream has the shards that you give it."}
        </p>
        {!isReadOnly() && <ModeButton view={view} isOnDemand={isOnDemand} />}
      </section>
      {isOnDemand ? <WarmThroughputSection view={view} /> : <ShardCountSection view={view} />}
      {isOnDemand && <DistributionSection view={view} />}
    </>
  );
}

function ModeButton({ view, isOnDemand }: { readonly view: StreamView; readonly isOnDemand: boolean }) {
  const { StreamARN, StreamStatus, QueueCount = 0, ChannelCount = 0 } = view.description;
  const hasDependents = QueueCount + ChannelCount > 0;
  const StreamMode = isOnDemand ? "PROVISIONED" : "ON_DEMAND";
  return (
    <div>
      <ConfirmButton
        label={isOnDemand ? "Change to provisioned" : "Change to on demand"}
        isDisabled={StreamStatus !== "ACTIVE" || (isOnDemand && hasDependents)}
        action={() => kinesis("UpdateStreamMode", { StreamARN, StreamModeDetails: { StreamMode } })}
        onDone={view.refresh}
      >
        <p>
          {isOnDemand
            ? "The stream keeps its shards, and you change their number yourself. Its warm throughput and its own distribution of records end."
            : "The stream keeps its shards and can have queues and channels. Its shards are then neither split nor merged by hand; this server adds none by itself, because a shard takes here what the machine can."}
        </p>
        <p class="hint">
          Records stay, and producers and readers go on. With limits as AWS has them, the mode can be changed twice in
          24 hours. On AWS the two modes are priced differently: by the shard hour, or by the GB.
        </p>
      </ConfirmButton>
      {isOnDemand && hasDependents && (
        <p class="hint">A stream with queues or channels stays on demand. Delete these first.</p>
      )}
    </div>
  );
}

/** Whether partition keys decide on the shard of a record. */
function DistributionSection({ view }: { readonly view: StreamView }) {
  const { isBusy, fault, change } = useChange(view.refresh);
  const { StreamARN, RecordDistributionStrategy: strategy = "USER_PARTITION_KEY" } = view.description;
  return (
    <SwitchSection
      title="Distribution of records"
      label="Spread records over all shards, whatever their partition keys"
      isOn={strategy === "AUTO"}
      {...{ isBusy, fault }}
      onChange={(isOn) => {
        const RecordDistributionStrategy = isOn ? "AUTO" : "USER_PARTITION_KEY";
        void change("UpdateStreamRecordDistributionStrategy", { StreamARN, RecordDistributionStrategy });
      }}
    >
      No key can then make a shard hot, but records of one key are in several shards: readers do not get them in order.
      Partition keys may be left out. For new records only.
    </SwitchSection>
  );
}
