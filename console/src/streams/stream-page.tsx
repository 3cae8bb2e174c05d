import { useMemo } from "preact/hooks";
import { serverNowMs, shardTimes, type TrafficReport, trafficOf } from "../api/console-data.ts";
import { kinesis } from "../api/kinesis.ts";
import { listAll } from "../api/list-all.ts";
import type { ShardDescription, StreamDescription } from "../api/shapes.ts";
import { arrivals } from "../app/address.ts";
import { streamLink, type Tab, tabs } from "../app/route.ts";
import { agoText, bytesText, countText, durationText, lagTone, plural } from "../parts/format.ts";
import { Empty, Fault } from "../parts/notice.tsx";
import { type Polled, usePolled } from "../parts/use-polled.ts";
import { PlotsTab } from "../plots/plots-tab.tsx";
import { PutTab } from "../put/put-tab.tsx";
import { RecordsTab } from "../records/records-tab.tsx";
import { type Shard, shardsFrom } from "../shards/shard.ts";
import { ShardsTab } from "../shards/shards-tab.tsx";
import { SettingsTab } from "./settings-tab.tsx";

const describeEveryMs = 4_000;
const trafficEveryMs = 2_000;

/** What all tabs of a stream share. */
export interface StreamView {
  readonly name: string;
  readonly description: StreamDescription;
  readonly shards: readonly Shard[];
  readonly traffic: TrafficReport | undefined;
  readonly refresh: () => void;
}

interface StreamPageProps {
  readonly name: string;
  readonly tab: Tab;
  readonly query: Readonly<Record<string, string>>;
}

const tabNames: Readonly<Record<Tab, string>> = {
  records: "Records",
  shards: "Shards",
  put: "Put",
  plots: "Plots",
  settings: "Settings",
};

export function StreamPage({ name, tab, query }: StreamPageProps) {
  const described = usePolled(() => describe(name), describeEveryMs, name);
  const traffic = usePolled(() => trafficOf(name), trafficEveryMs, name).value;
  const shards = useShards(name, described);
  const description = described.value;
  return (
    <section class={`page ${tab === "records" || tab === "shards" ? "fill" : ""}`}>
      <div class="bar stream-head">
        <h1>{name}</h1>
        {description !== undefined && <Facts description={description} traffic={traffic} />}
      </div>
      <nav class="tabs" aria-label="Stream">
        {tabs.map((one) => (
          <a key={one} href={streamLink(name, one)} aria-current={one === tab ? "page" : undefined}>
            {tabNames[one]}
          </a>
        ))}
      </nav>
      {described.fault !== undefined && <Fault>{described.fault}</Fault>}
      {description === undefined || shards.value === undefined ? (
        described.fault === undefined && <p class="loading">Loading…</p>
      ) : description.StreamStatus === "CREATING" ? (
        <Empty>The stream is being created.</Empty>
      ) : (
        <TabBody
          tab={tab}
          query={query}
          view={{
            ...{ name, description, traffic, shards: shards.value },
            refresh: () => {
              described.refresh();
              shards.refresh();
            },
          }}
        />
      )}
    </section>
  );
}

interface TabBodyProps {
  readonly tab: Tab;
  readonly query: Readonly<Record<string, string>>;
  readonly view: StreamView;
}

function TabBody({ tab, query, view }: TabBodyProps) {
  switch (tab) {
    case "records":
      // A link leads to its records also from the list of others.
      return <RecordsTab key={arrivals.value} view={view} query={query} />;
    case "shards":
      return <ShardsTab view={view} />;
    case "put":
      return <PutTab view={view} query={query} />;
    case "plots":
      return <PlotsTab view={view} />;
    case "settings":
      return <SettingsTab view={view} />;
  }
}

function Facts({
  description,
  traffic,
}: {
  readonly description: StreamDescription;
  readonly traffic: TrafficReport | undefined;
}) {
  const { StreamStatus, OpenShardCount, RetentionPeriodHours, EncryptionType, StreamModeDetails } = description;
  const rates = traffic?.stream;
  const lag = rates?.iteratorAgeMs ?? 0;
  const throttled = (rates?.throttledReads ?? 0) + (rates?.throttledWrites ?? 0);
  return (
    <p class="facts">
      {StreamStatus !== "ACTIVE" && <span class="tag warn">{StreamStatus.toLowerCase()}</span>}
      <span>{plural(OpenShardCount, "shard")}</span>
      {StreamModeDetails?.StreamMode === "ON_DEMAND" && <span>on demand</span>}
      <span>kept {durationText(RetentionPeriodHours * 3_600_000)}</span>
      {EncryptionType === "KMS" && <span>encrypted</span>}
      {rates != null && rates.incomingRecords > 0 && (
        <span>
          put {countText(rates.incomingRecords)}/s, {bytesText(rates.incomingBytes)}/s
        </span>
      )}
      {lag >= 1_000 && (
        <a class={lagTone(lag)} href={streamLink(description.StreamName, "plots")}>
          readers {durationText(lag)} behind
        </a>
      )}
      {throttled > 0 && <span class="tag bad">{countText(throttled)}/s throttled</span>}
      {traffic?.newestMs != null && <span>newest {agoText(serverNowMs() - traffic.newestMs)}</span>}
    </p>
  );
}

async function describe(StreamName: string): Promise<StreamDescription> {
  const output = await kinesis<{ StreamDescriptionSummary: StreamDescription }>("DescribeStreamSummary", {
    StreamName,
  });
  return output.StreamDescriptionSummary;
}

/** The shards of the stream, listed again when their number, or the stream's status, has changed. */
function useShards(name: string, described: Polled<StreamDescription>): Polled<readonly Shard[]> {
  const { StreamStatus, OpenShardCount } = described.value ?? {};
  const listed = usePolled(() => listShards(name), 60_000, `${name} ${StreamStatus} ${OpenShardCount}`);
  // A list of other shards stays in view while the next one is loaded.
  const kept = useMemo<{ value: readonly Shard[] | undefined }>(() => ({ value: undefined }), []);
  kept.value = listed.value ?? kept.value;
  return { ...listed, value: kept.value };
}

async function listShards(StreamName: string): Promise<readonly Shard[]> {
  const wanted = { of: { StreamName }, MaxResults: 10_000 };
  const [descriptions, times] = await Promise.all([
    listAll<ShardDescription>("ListShards", "Shards", wanted),
    shardTimes(StreamName).catch(() => []),
  ]);
  return shardsFrom(descriptions, times);
}
