import { useMemo, useState } from "preact/hooks";
import {
  callerKey,
  isReadOnly,
  type StreamRates,
  type StreamReport,
  serverNowMs,
  streamRates,
} from "../api/console-data.ts";
import { streamLink } from "../app/route.ts";
import { CreateButton } from "../parts/create-button.tsx";
import { agoText, bytesText, countText, durationText, exactText, lagTone, plural } from "../parts/format.ts";
import { Empty, Fault } from "../parts/notice.tsx";
import { usePolled } from "../parts/use-polled.ts";
import { VirtualRows } from "../parts/virtual-rows.tsx";
import { CreateDialog } from "./create-dialog.tsx";
import { listStreams } from "./list-streams.ts";

const listEveryMs = 10_000;
const ratesEveryMs = 2_000;
const rowHeight = 48;

/** All streams of the caller with their traffic. */
export function StreamsPage() {
  const who = callerKey();
  const { value: streams, fault, refresh } = usePolled(listStreams, listEveryMs, who);
  const rates = usePolled(streamRates, ratesEveryMs, who).value ?? {};
  const [search, setSearch] = useState("");
  const shown = useMemo(() => {
    const wanted = search.trim().toLowerCase();
    return streams?.filter(({ name }) => name.toLowerCase().includes(wanted)) ?? [];
  }, [streams, search]);
  return (
    <section class="page fill">
      <div class="bar">
        <h1>Streams</h1>
        <input
          type="search"
          aria-label="Search streams by name"
          placeholder="Search by name"
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
        <span class="muted count" aria-live="polite">
          {streams === undefined ? "" : countOf(shown.length, streams.length)}
        </span>
        <span class="spring" />
        <CreateButton what="stream" dialog={CreateDialog} onCreated={refresh} />
      </div>
      {fault !== undefined && <Fault>{fault}</Fault>}
      {streams?.length === 0 && <NoStreams />}
      {streams !== undefined && streams.length > 0 && (
        <>
          <div class="stream-row head" aria-hidden="true">
            <span>Stream</span>
            <span class="num">Put</span>
            <span class="num wide">Read</span>
            <span class="num">Behind</span>
            <span class="num wide">Shards</span>
            <span class="num wide">Kept</span>
            <span class="num wide">Newest</span>
          </div>
          <VirtualRows
            count={shown.length}
            rowHeight={rowHeight}
            label="Streams"
            row={(index) => {
              const stream = shown[index];
              if (stream === undefined) return null;
              return <StreamRow stream={stream} rates={rates[stream.name]} />;
            }}
          />
          {shown.length === 0 && <Empty>No stream has “{search}” in its name.</Empty>}
        </>
      )}
    </section>
  );
}

function countOf(shown: number, all: number): string {
  return shown === all ? plural(all, "stream") : `${exactText(shown)} of ${plural(all, "stream")}`;
}

interface StreamRowProps {
  readonly stream: StreamReport;
  readonly rates: StreamRates | undefined;
}

function StreamRow({ stream, rates }: StreamRowProps) {
  const { name, status, isOnDemand, isEncrypted, openShards, retentionHours } = stream;
  const throttled = (rates?.throttledWrites ?? 0) + (rates?.throttledReads ?? 0);
  return (
    <a class="stream-row" href={streamLink(name)}>
      <span class="name">
        <b>{name}</b>
        {status !== "ACTIVE" && <span class="tag warn">{status.toLowerCase()}</span>}
        {isOnDemand && <span class="tag">on demand</span>}
        {isEncrypted && <span class="tag">encrypted</span>}
        {throttled > 0 && <span class="tag bad">{countText(throttled)}/s throttled</span>}
      </span>
      <span class="num">
        {rateText(rates?.incomingRecords)}
        <small>{rateBytes(rates?.incomingBytes)}</small>
      </span>
      <span class="num wide">
        {rateText(rates?.outgoingRecords)}
        <small>{rateBytes(rates?.outgoingBytes)}</small>
      </span>
      <span class={`num ${lagTone(rates?.iteratorAgeMs)}`}>
        {rates?.iteratorAgeMs === undefined || rates.iteratorAgeMs === 0 ? "–" : durationText(rates.iteratorAgeMs)}
      </span>
      <span class="num wide">{exactText(openShards)}</span>
      <span class="num wide">{durationText(retentionHours * 3_600_000)}</span>
      <span class="num wide">{newestText(rates?.newestMs)}</span>
    </a>
  );
}

function rateText(rate: number | undefined): string {
  return rate === undefined || rate === 0 ? "–" : `${countText(rate)}/s`;
}

function rateBytes(rate: number | undefined): string {
  return rate === undefined || rate === 0 ? "" : `${bytesText(rate)}/s`;
}

/** The server knows of arrivals since its start only. */
function newestText(newestMs: number | null | undefined): string {
  return newestMs == null ? "–" : agoText(serverNowMs() - newestMs);
}

function NoStreams() {
  return (
    <Empty>
      <h2>No streams yet</h2>
      {isReadOnly() ? (
        <p>Create the first one with the AWS CLI:</p>
      ) : (
        <p>Create the first one above, or with the AWS CLI:</p>
      )}
      <pre>
        aws kinesis create-stream --stream-name orders --shard-count 2 \{"\n"}
        {"  "}--endpoint-url {location.origin}
      </pre>
    </Empty>
  );
}
