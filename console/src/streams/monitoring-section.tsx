import { isReadOnly } from "../api/console-data.ts";
import { Fault } from "../parts/notice.tsx";
import { useChange } from "../parts/use-change.ts";
import type { StreamView } from "./stream-page.tsx";

/** Whether metrics are counted for each shard. */
export function MonitoringSection({ view }: { readonly view: StreamView }) {
  const { isBusy, fault, change } = useChange(view.refresh);
  const names = (view.description.EnhancedMonitoring ?? []).flatMap(({ ShardLevelMetrics = [] }) => ShardLevelMetrics);
  return (
    <section>
      <h2>Metrics of shards</h2>
      <label class="check">
        <input
          type="checkbox"
          checked={names.length > 0}
          disabled={isBusy || isReadOnly()}
          onChange={(event) => {
            const operation = event.currentTarget.checked ? "EnableEnhancedMonitoring" : "DisableEnhancedMonitoring";
            void change(operation, { StreamName: view.name, ShardLevelMetrics: ["ALL"] });
          }}
        />
        Enhanced monitoring
      </label>
      <p class="hint">
        {names.length > 0 ? `On for ${names.join(", ")}.` : "Off."} This console shows the traffic of each shard either
        way; on AWS it is priced by the metric.
      </p>
      {fault !== undefined && <Fault>{fault}</Fault>}
    </section>
  );
}
