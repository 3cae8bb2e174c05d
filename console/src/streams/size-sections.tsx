import { durationText, exactText, plural } from "../parts/format.ts";
import { NumberSection } from "../parts/number-section.tsx";
import { useChange } from "../parts/use-change.ts";
import type { StreamView } from "./stream-page.tsx";

interface SectionProps {
  readonly view: StreamView;
}

/** How long records are kept. */
export function RetentionSection({ view }: SectionProps) {
  const { isBusy, fault, change } = useChange(view.refresh);
  const { RetentionPeriodHours: hours } = view.description;
  return (
    <NumberSection
      title="Retention"
      now={`Records are kept for ${durationText(hours * 3_600_000)}.`}
      unit="Hours"
      {...{ value: hours, min: 24, max: 8_760, isBusy, fault }}
      hint={(next) => (next < hours ? "Older records are removed for good." : undefined)}
      onChange={(RetentionPeriodHours) => {
        const direction = RetentionPeriodHours > hours ? "Increase" : "Decrease";
        void change(`${direction}StreamRetentionPeriod`, { StreamName: view.name, RetentionPeriodHours });
      }}
    />
  );
}

/** Developer Guide, "Large records": without a setting of its own a stream takes records of 1 MiB. */
const recordKiBDefault = 1_024;

/** How large a record may be. */
export function RecordSizeSection({ view }: SectionProps) {
  const { isBusy, fault, change } = useChange(view.refresh);
  const { StreamARN, MaxRecordSizeInKiB: value = recordKiBDefault } = view.description;
  return (
    <NumberSection
      title="Largest record"
      now={`Records of up to ${exactText(value)} KiB are taken.`}
      unit="KiB"
      {...{ value, min: 1_024, max: 10_240, isBusy, fault }}
      hint={() => "For new records only. Readers must be able to take a record of that size."}
      onChange={(MaxRecordSizeInKiB) => void change("UpdateMaxRecordSize", { StreamARN, MaxRecordSizeInKiB })}
    />
  );
}

/** How many shards a stream in provisioned mode has. */
export function ShardCountSection({ view }: SectionProps) {
  const { isBusy, fault, change } = useChange(view.refresh);
  const { OpenShardCount: value } = view.description;
  return (
    <NumberSection
      title="Shards"
      now={`The stream has ${plural(value, "open shard")}.`}
      unit="Open shards"
      {...{ value, min: 1, max: 10_000, isBusy, fault }}
      hint={(next) =>
        `Shards are ${next > value ? "split" : "merged"} until all ${next} have the same share of the hash keys. ` +
        "The former ones close, and stay readable until their records expire."
      }
      onChange={(TargetShardCount) => {
        const input = { StreamName: view.name, TargetShardCount, ScalingType: "UNIFORM_SCALING" };
        void change("UpdateShardCount", input);
      }}
    />
  );
}

/** What an on-demand stream is ready to take at once. */
export function WarmThroughputSection({ view }: SectionProps) {
  const { isBusy, fault, change } = useChange(view.refresh);
  const { StreamARN, WarmThroughput } = view.description;
  const { TargetMiBps: value = 0, CurrentMiBps = 0 } = WarmThroughput ?? {};
  const now = `The stream is kept ready for ${value} MiB/s; ${CurrentMiBps} MiB/s are there now.`;
  return (
    <NumberSection
      title="Warm throughput"
      now={value === 0 ? "None is asked for: the stream has the shards that it was made with." : now}
      unit="MiB/s"
      {...{ value, min: 0, max: 10_240, isBusy, fault }}
      hint={() =>
        "The stream gets a shard for each MiB/s that it lacks, and keeps them. The account needs the throughput " +
        "commitment, which the page Server shows. 0 asks for nothing."
      }
      onChange={(WarmThroughputMiBps) => {
        void change("UpdateStreamWarmThroughput", { StreamARN, WarmThroughputMiBps });
      }}
    />
  );
}
