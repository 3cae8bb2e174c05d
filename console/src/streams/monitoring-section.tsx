import { SwitchSection } from "../parts/switch-section.tsx";
import { useChange } from "../parts/use-change.ts";
import type { StreamView } from "./stream-page.tsx";

/** Whether metrics are counted for each shard. */
export function MonitoringSection({ view }: { readonly view: StreamView }) {
  const { isBusy, fault, change } = useChange(view.refresh);
  const names = (view.description.EnhancedMonitoring ?? []).flatMap(({ ShardLevelMetrics = [] }) => ShardLevelMetrics);
  return (
    <SwitchSection
      title="Metrics of shards"
      label="Enhanced monitoring"
      isOn={names.length > 0}
      {...{ isBusy, fault }}
      onChange={(isOn) => {
        const operation = isOn ? "EnableEnhancedMonitoring" : "DisableEnhancedMonitoring";
        void change(operation, { StreamName: view.name, ShardLevelMetrics: ["ALL"] });
      }}
    >
      {names.length > 0 ? `On for ${names.join(", ")}.` : "Off."} This console shows the traffic of each shard either
      way; on AWS it is priced by the metric.
    </SwitchSection>
  );
}
