import { callerKey, isReadOnly } from "../api/console-data.ts";
import type { ChannelSummary } from "../api/shapes.ts";
import { formatRoute } from "../app/route.ts";
import { CreateButton } from "../parts/create-button.tsx";
import { exactText, plural } from "../parts/format.ts";
import { Empty, Fault } from "../parts/notice.tsx";
import { usePolled } from "../parts/use-polled.ts";
import { VirtualRows } from "../parts/virtual-rows.tsx";
import { lastOf } from "../queues/queue.ts";
import { behindText, type CountedChannel, listChannels, lostCount, silenceOf } from "./channel.ts";
import { CreateChannelDialog } from "./create-channel-dialog.tsx";

const everyMs = 3_000;
const rowHeight = 48;

/** All channels of the caller: their state and how far they are behind. */
export function ChannelsPage() {
  const { value: channels, fault, refresh } = usePolled(listChannels, everyMs, callerKey());
  return (
    <section class="page fill">
      <div class="bar">
        <h1>Channels</h1>
        <span class="muted count" aria-live="polite">
          {channels === undefined ? "" : plural(channels.length, "channel")}
        </span>
        <span class="spring" />
        <CreateButton what="channel" dialog={CreateChannelDialog} onCreated={refresh} />
      </div>
      {fault !== undefined && <Fault>{fault}</Fault>}
      {channels?.length === 0 && <NoChannels />}
      {channels !== undefined && channels.length > 0 && (
        <>
          <div class="channel-row head" aria-hidden="true">
            <span>Channel</span>
            <span class="wide">Stream</span>
            <span class="num">Behind</span>
            <span class="num wide">Delivered</span>
            <span class="num">Lost</span>
          </div>
          <VirtualRows
            count={channels.length}
            rowHeight={rowHeight}
            label="Channels"
            row={(index) => {
              const counted = channels[index];
              return counted === undefined ? null : <ChannelRow counted={counted} />;
            }}
          />
        </>
      )}
    </section>
  );
}

function ChannelRow({ counted }: { readonly counted: CountedChannel<ChannelSummary> }) {
  const { channel, figures } = counted;
  const { ChannelName, ChannelARN, ChannelStatus, Streams } = channel;
  const silence = silenceOf(counted);
  const lost = figures && lostCount(figures);
  return (
    <a class="channel-row" href={formatRoute({ page: "channel", arn: ChannelARN })}>
      <span class="reasoned">
        <span class="name">
          <b>{ChannelName}</b>
          {ChannelStatus !== "ACTIVE" && (
            <span class={`tag ${ChannelStatus === "FAILED" ? "bad" : "warn"}`}>{ChannelStatus.toLowerCase()}</span>
          )}
        </span>
        {silence !== undefined && (
          <small class="bad" title={silence}>
            {ChannelStatus === "ACTIVE" && "Delivers nothing: "}
            {silence}
          </small>
        )}
      </span>
      <span class="wide">{Streams.map(({ StreamARN }) => lastOf(StreamARN)).join(", ")}</span>
      <span class={`num ${silence === undefined ? "" : "bad"}`}>{behindText(figures)}</span>
      <span class="num wide">{exactText(figures?.recordCount)}</span>
      <span class={`num ${lost === undefined || lost === 0 ? "" : "bad"}`}>{exactText(lost)}</span>
    </a>
  );
}

function NoChannels() {
  return (
    <Empty>
      <h2>No channels yet</h2>
      <p>
        A channel delivers the records of a stream into a bucket or a table by itself. Its stream is in on-demand mode,
        and the server is started with --channels, the file that says where both are.
      </p>
      {isReadOnly() && <p>Create one with the operation CreateChannel of an AWS SDK that knows channels.</p>}
    </Empty>
  );
}
