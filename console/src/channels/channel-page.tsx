import { Fragment } from "preact";
import { isReadOnly } from "../api/console-data.ts";
import type { ChannelDescription } from "../api/shapes.ts";
import { go } from "../app/address.ts";
import { streamLink } from "../app/route.ts";
import { Card } from "../parts/card.tsx";
import { DeleteSection } from "../parts/delete-section.tsx";
import { exactText, timeText } from "../parts/format.ts";
import { Fault } from "../parts/notice.tsx";
import { NumberSection } from "../parts/number-section.tsx";
import { PolicySection } from "../parts/policy-section.tsx";
import { SwitchSection } from "../parts/switch-section.tsx";
import { TagsSection } from "../parts/tags-section.tsx";
import { useChange } from "../parts/use-change.ts";
import { usePolled } from "../parts/use-polled.ts";
import { lastOf } from "../queues/queue.ts";
import { behindText, type CountedChannel, describeChannel, lostCount, silenceOf } from "./channel.ts";
import { destinationOf } from "./destination.ts";

const everyMs = 2_000;
/** Developer Guide, data delivery. The least is lower here unless the server's limits say otherwise. */
const freshnessSecondsMax = 900;

/** One channel: what it has delivered, why it does not, and its settings. */
export function ChannelPage({ arn }: { readonly arn: string }) {
  const { value: counted, fault, refresh } = usePolled(() => describeChannel(arn), everyMs, arn);
  return (
    <section class="page">
      <div class="bar stream-head">
        <h1>{counted?.channel.ChannelName ?? "Channel"}</h1>
        {counted !== undefined && <Facts channel={counted.channel} />}
      </div>
      {fault !== undefined && <Fault>{fault}</Fault>}
      {counted === undefined && fault === undefined && <p class="loading">Loading…</p>}
      {counted !== undefined && (
        <>
          <Silence counted={counted} />
          <Figures counted={counted} />
          <ChannelSettings channel={counted.channel} refresh={refresh} />
        </>
      )}
    </section>
  );
}

function Facts({ channel }: { readonly channel: ChannelDescription }) {
  const { ChannelStatus, StreamConfigurationList } = channel;
  const destination = destinationOf(channel);
  return (
    <p class="facts">
      {ChannelStatus !== "ACTIVE" && (
        <span class={`tag ${ChannelStatus === "FAILED" ? "bad" : "warn"}`}>{ChannelStatus.toLowerCase()}</span>
      )}
      {StreamConfigurationList.map(({ StreamARN }) => (
        <span key={StreamARN}>
          of the stream <a href={streamLink(lastOf(StreamARN))}>{lastOf(StreamARN)}</a>
        </span>
      ))}
      {destination !== undefined && (
        <span>
          into the {destination.kind} {destination.name}
        </span>
      )}
    </p>
  );
}

/** Why nothing is delivered, and what to do. */
function Silence({ counted }: { readonly counted: CountedChannel<ChannelDescription> }) {
  const sentence = silenceOf(counted);
  if (sentence === undefined) return null;
  const { channel, figures } = counted;
  const stream = lastOf(channel.StreamConfigurationList[0]?.StreamARN ?? "");
  const sinceMs = figures?.failure?.sinceMs;
  return (
    <>
      <Fault>
        {sinceMs === undefined ? "Delivers nothing" : `Has delivered nothing since ${timeText(sinceMs)}`}: {sentence}
      </Fault>
      {channel.ChannelStatus === "FAILED" ? (
        <p class="hint">
          A failed channel stays so: delete it, and create another one when its {destinationOf(channel)?.kind} can be
          written.
        </p>
      ) : (
        <p class="hint">
          The records wait in the stream until they expire, and the server tries again by itself. If it takes long,
          lengthen the <a href={streamLink(stream, "settings")}>retention of the stream</a>.
        </p>
      )}
    </>
  );
}

function Figures({ counted: { channel, figures } }: { readonly counted: CountedChannel<ChannelDescription> }) {
  if (figures === undefined) return null;
  const { recordCount, failureCount } = figures;
  const lost = lostCount(figures);
  const freshness = destinationOf(channel)?.configuration.DataFreshnessInSeconds;
  const isLate = (figures.freshnessSeconds ?? 0) > 2 * (freshness ?? Number.POSITIVE_INFINITY);
  return (
    <div class="cards">
      <Card title="Oldest record that waits" tone={isLate ? "warn" : undefined}>
        {behindText(figures)}
      </Card>
      <Card title="Delivered since the server's start">{exactText(recordCount)}</Card>
      <Card title="Lost: did not fit, or expired" tone={lost === 0 ? undefined : "bad"}>
        {exactText(lost)}
      </Card>
      <Card title="Attempts that failed" tone={failureCount === 0 ? undefined : "warn"}>
        {exactText(failureCount)}
      </Card>
    </div>
  );
}

interface ChannelSettingsProps {
  readonly channel: ChannelDescription;
  readonly refresh: () => void;
}

/** What a channel is set to be. Freshness and logging alone can change (API reference, UpdateChannel). */
function ChannelSettings({ channel, refresh }: ChannelSettingsProps) {
  const { ChannelName, ChannelARN } = channel;
  return (
    <div class="narrow">
      <Description channel={channel} />
      <FreshnessSection {...{ channel, refresh }} />
      <LoggingSection {...{ channel, refresh }} />
      <TagsSection arn={ChannelARN} />
      <PolicySection arn={ChannelARN} />
      {!isReadOnly() && (
        <DeleteSection
          what="channel"
          name={ChannelName}
          consequence={`Records that wait are not delivered. They stay in their stream until they expire, and what was delivered stays in the ${destinationOf(channel)?.kind}.`}
          operation="DeleteChannel"
          input={{ ChannelARN }}
          onDone={() => go({ page: "channels" })}
        />
      )}
    </div>
  );
}

function Description({ channel }: { readonly channel: ChannelDescription }) {
  const { ChannelARN, ChannelCreationTimestamp, ServiceExecutionRoleARN, StreamConfigurationList } = channel;
  const { places = [], compression = "none", configuration } = destinationOf(channel) ?? {};
  const deadLetters = configuration?.DeadLetterQueueS3Configuration;
  const rows: readonly (readonly [string, string])[] = [
    ["ARN", ChannelARN],
    ["Created", new Date(ChannelCreationTimestamp * 1000).toLocaleString()],
    [
      "Records",
      StreamConfigurationList.map(({ RecordConfiguration: { RecordFormatType } }) => RecordFormatType).join(),
    ],
    ...places,
    ["Compression", compression],
    ["Records that do not fit", `${deadLetters?.BucketARN ?? "none"} ${deadLetters?.ErrorOutputPrefix ?? ""}`],
    ["Role", ServiceExecutionRoleARN],
  ];
  return (
    <dl class="wide-list">
      {rows.map(([term, text]) => (
        <Fragment key={term}>
          <dt>{term}</dt>
          <dd class="long">{text}</dd>
        </Fragment>
      ))}
    </dl>
  );
}

function FreshnessSection({ channel, refresh }: ChannelSettingsProps) {
  const { isBusy, fault, change } = useChange(refresh);
  const { ChannelARN } = channel;
  const destination = destinationOf(channel);
  if (destination === undefined) return null;
  const { DataFreshnessInSeconds: value } = destination.configuration;
  const [written, batches] = destination.kind === "bucket" ? ["An object", "objects"] : ["A snapshot", "snapshots"];
  return (
    <NumberSection
      title="Freshness"
      now={`${written} is written when its oldest record has waited for ${value} s, or sooner when it is large.`}
      unit="Seconds"
      {...{ value, min: 1, max: freshnessSecondsMax, isBusy, fault }}
      hint={(next) => (next < value ? `Fresher data comes in more and smaller ${batches}.` : undefined)}
      onChange={(DataFreshnessInSeconds) => {
        void change("UpdateChannel", { ChannelARN, [destination.member]: { DataFreshnessInSeconds } });
      }}
    />
  );
}

function LoggingSection({ channel, refresh }: ChannelSettingsProps) {
  const { isBusy, fault, change } = useChange(refresh);
  const { ChannelARN, LoggingConfiguration } = channel;
  const { CloudWatchLogs } = LoggingConfiguration;
  return (
    <SwitchSection
      title="Logging"
      label="CloudWatch Logs"
      isOn={CloudWatchLogs.Enabled}
      {...{ isBusy, fault }}
      onChange={(Enabled) => {
        const logging = { CloudWatchLogs: { ...CloudWatchLogs, Enabled } };
        void change("UpdateChannel", { ChannelARN, LoggingConfiguration: logging });
      }}
    >
      This server keeps the setting and writes no such logs: this page, /health and /metrics say how delivery goes.
    </SwitchSection>
  );
}
