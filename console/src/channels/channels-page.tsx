import { useState } from "preact/hooks";
import { type ChannelFigures, callerKey, channelFigures } from "../api/console-data.ts";
import { kinesis } from "../api/kinesis.ts";
import { listAll } from "../api/list-all.ts";
import type { ChannelSummary } from "../api/shapes.ts";
import { Dialog } from "../parts/dialog.tsx";
import { durationText, exactText, plural } from "../parts/format.ts";
import { JsonText } from "../parts/json-text.tsx";
import { Empty, Fault } from "../parts/notice.tsx";
import { usePolled } from "../parts/use-polled.ts";
import { lastOf } from "../queues/queue.ts";

const everyMs = 5_000;

interface ShownChannel {
  readonly channel: ChannelSummary;
  /** Undefined where the channel does not deliver. */
  readonly figures: ChannelFigures | undefined;
}

async function listChannels(): Promise<readonly ShownChannel[]> {
  const [channels, figures] = await Promise.all([
    listAll<ChannelSummary>("ListChannels", "ChannelSummaries"),
    channelFigures(),
  ]);
  return channels.map((channel) => ({ channel, figures: figures[channel.ChannelId] }));
}

/** All channels of the caller: their state and how far behind they are. */
export function ChannelsPage() {
  const { value: channels, fault } = usePolled(listChannels, everyMs, callerKey());
  const [opened, setOpened] = useState<ChannelSummary>();
  return (
    <section class="page">
      <div class="bar">
        <h1>Channels</h1>
        <span class="muted count">{channels === undefined ? "" : plural(channels.length, "channel")}</span>
      </div>
      {fault !== undefined && <Fault>{fault}</Fault>}
      {channels?.length === 0 && (
        <Empty>
          <h2>No channels</h2>
          <p>
            A channel delivers the records of a stream into a bucket. Create one with the operation CreateChannel of an
            AWS SDK; docs/channels.md shows how.
          </p>
        </Empty>
      )}
      {channels !== undefined && channels.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">Channel</th>
              <th scope="col">State</th>
              <th scope="col" class="wide">
                Stream
              </th>
              <th scope="col" class="num">
                Behind
              </th>
              <th scope="col" class="num wide">
                Delivered
              </th>
              <th scope="col" class="num wide">
                Failed
              </th>
            </tr>
          </thead>
          <tbody>
            {channels.map((shown) => (
              <ChannelRow key={shown.channel.ChannelARN} {...shown} onOpen={() => setOpened(shown.channel)} />
            ))}
          </tbody>
        </table>
      )}
      {opened !== undefined && <ChannelDialog channel={opened} onClose={() => setOpened(undefined)} />}
    </section>
  );
}

function ChannelRow({ channel, figures, onOpen }: ShownChannel & { readonly onOpen: () => void }) {
  const { ChannelName, ChannelStatus, ChannelStatusReason, Streams } = channel;
  const failures = figures && figures.failureCount + figures.failedCount + figures.expiredCount;
  return (
    <tr>
      <th scope="row" class="long">
        <button type="button" class="link" onClick={onOpen}>
          {ChannelName}
        </button>
      </th>
      <td class={`long ${ChannelStatus === "ACTIVE" ? "" : ChannelStatus === "FAILED" ? "bad" : "warn"}`}>
        {ChannelStatus.toLowerCase()}
        {ChannelStatusReason !== undefined && `: ${ChannelStatusReason}`}
        {ChannelStatus === "ACTIVE" && figures === undefined && <span class="bad">, delivers nothing</span>}
      </td>
      <td class="wide long">{Streams.map(({ StreamARN }) => lastOf(StreamARN)).join(", ")}</td>
      <td class="num">{figures === undefined ? "–" : behindText(figures.freshnessSeconds)}</td>
      <td class="num wide">{exactText(figures?.recordCount)}</td>
      <td
        class={`num wide ${failures === undefined || failures === 0 ? "" : "bad"}`}
        title="Attempts that failed, and records that were given up"
      >
        {exactText(failures)}
      </td>
    </tr>
  );
}

function behindText(seconds: number | undefined): string {
  if (seconds === undefined) return "another gateway delivers";
  return seconds === 0 ? "all delivered" : durationText(seconds * 1_000);
}

/** Everything that a channel is set to be. */
function ChannelDialog({ channel, onClose }: { readonly channel: ChannelSummary; readonly onClose: () => void }) {
  const { ChannelARN, ChannelName } = channel;
  const described = usePolled(
    () => kinesis<{ ChannelDescription: object }>("DescribeChannel", { ChannelARN }),
    everyMs,
    ChannelARN,
  );
  return (
    <Dialog title={`Channel ${ChannelName}`} onClose={onClose}>
      {described.fault !== undefined && <Fault>{described.fault}</Fault>}
      {described.value !== undefined && (
        <pre class="payload">
          <JsonText text={JSON.stringify(described.value.ChannelDescription, null, 2)} />
        </pre>
      )}
    </Dialog>
  );
}
