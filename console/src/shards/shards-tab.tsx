import { useMemo, useState } from "preact/hooks";
import { isReadOnly } from "../api/console-data.ts";
import { streamLink } from "../app/route.ts";
import { bytesText, countText, durationText, lagTone, plural, timeText } from "../parts/format.ts";
import { VirtualRows } from "../parts/virtual-rows.tsx";
import type { StreamView } from "../streams/stream-page.tsx";
import { HashBar } from "./hash-bar.tsx";
import { heatOf } from "./heat.ts";
import { LineageGraph } from "./lineage-graph.tsx";
import { ReshardDialog } from "./reshard-dialog.tsx";
import { fractionOf, hashKeyOf, type Shard, shardAt, shareOf, shareText } from "./shard.ts";

const rowHeight = 30;

/** The shards of a stream, drawn and listed. */
export function ShardsTab({ view }: { readonly view: StreamView }) {
  const { shards, traffic } = view;
  const [selectedId, setSelectedId] = useState<string>();
  const [key, setKey] = useState("");
  const [hidesClosed, setHidesClosed] = useState(false);
  const open = useMemo(() => shards.filter(({ isOpen }) => isOpen), [shards]);
  const hashKey = key === "" ? undefined : hashKeyOf(key);
  const found = hashKey === undefined ? undefined : shardAt(shards, hashKey);
  const marker = hashKey === undefined ? undefined : fractionOf(hashKey);
  const listed = useMemo(() => {
    return hidesClosed ? open : [...open, ...shards.filter(({ isOpen }) => !isOpen)];
  }, [open, hidesClosed]);
  const selected = shards.find(({ id }) => id === (selectedId ?? found?.id));
  const closedCount = shards.length - open.length;
  return (
    <div class="shards">
      <div class="shards-bar">
        <label class="which">
          <span class="label">Which shard takes this key?</span>
          <input
            value={key}
            placeholder="a partition key"
            spellcheck={false}
            onInput={(event) => {
              setKey(event.currentTarget.value);
              setSelectedId(undefined);
            }}
          />
        </label>
        <output aria-live="polite">
          {found !== undefined && hashKey !== undefined && (
            <>
              <b>{found.id}</b> <span class="muted long">hash key {String(hashKey)}</span>{" "}
              <a href={streamLink(view.name, "records", { start: "oldest", filter: key, by: "key" })}>
                Find its records
              </a>
            </>
          )}
        </output>
      </div>
      <div class="drawings">
        <figure>
          <figcaption>
            Open shards over all hash keys, and what is put into each now <span class="legend heat">traffic</span>{" "}
            <span class="legend hot">hot</span>
          </figcaption>
          <HashBar {...{ shards, traffic, marker }} selectedId={selected?.id} onSelect={setSelectedId} />
        </figure>
        {closedCount > 0 && (
          <figure>
            <figcaption>
              Splits and merges, from the left to the right <span class="legend open">open</span>{" "}
              <span class="legend warm">open, with traffic</span> <span class="legend closed">closed</span>
            </figcaption>
            <LineageGraph {...{ shards, traffic, marker }} selectedId={selected?.id} onSelect={setSelectedId} />
          </figure>
        )}
      </div>
      {selected !== undefined && <Selected view={view} shard={selected} onDone={() => setSelectedId(undefined)} />}
      <div class="bar">
        <h2>
          {plural(open.length, "open shard")}
          {closedCount > 0 && `, ${closedCount} closed`}
        </h2>
        {closedCount > 0 && (
          <label class="check">
            <input
              type="checkbox"
              checked={hidesClosed}
              onInput={(event) => setHidesClosed(event.currentTarget.checked)}
            />
            Hide closed shards
          </label>
        )}
      </div>
      <div class="shard-row head" aria-hidden="true">
        <span>Shard</span>
        <span class="num">Share</span>
        <span class="num">Put</span>
        <span class="num wide">Read</span>
        <span class="num wide">Behind</span>
        <span class="num wide">Throttled</span>
        <span class="wide">Parents</span>
        <span class="wide">Open</span>
      </div>
      <VirtualRows
        count={listed.length}
        rowHeight={rowHeight}
        label="Shards"
        row={(index) => {
          const shard = listed[index];
          if (shard === undefined) return null;
          return <ShardRow {...{ shard, view }} isSelected={shard.id === selected?.id} onSelect={setSelectedId} />;
        }}
      />
    </div>
  );
}

interface ShardRowProps {
  readonly shard: Shard;
  readonly view: StreamView;
  readonly isSelected: boolean;
  readonly onSelect: (shardId: string) => void;
}

function ShardRow({ shard, view, isSelected, onSelect }: ShardRowProps) {
  const { traffic, description } = view;
  const rates = traffic?.shards[shard.index];
  const heat = heatOf(rates, traffic?.stream, description.OpenShardCount);
  const throttled = (rates?.throttledWrites ?? 0) + (rates?.throttledReads ?? 0);
  return (
    <button
      type="button"
      class={`shard-row ${shard.isOpen ? "" : "closed"}`}
      aria-pressed={isSelected}
      onClick={() => onSelect(shard.id)}
    >
      <span class="name">
        {shard.id}
        {heat === "hot" && <span class="tag bad">hot</span>}
        {!shard.isOpen && <span class="tag">closed</span>}
      </span>
      <span class="num">{shareText(shareOf(shard))}</span>
      <span class="num">
        {rates === undefined || rates.incomingRecords === 0 ? "–" : `${countText(rates.incomingRecords)}/s`}
      </span>
      <span class="num wide">
        {rates === undefined || rates.outgoingRecords === 0 ? "–" : `${countText(rates.outgoingRecords)}/s`}
      </span>
      <span class={`num wide ${lagTone(rates?.iteratorAgeMs)}`}>
        {rates === undefined || rates.iteratorAgeMs === 0 ? "–" : durationText(rates.iteratorAgeMs)}
      </span>
      <span class={`num wide ${throttled > 0 ? "bad" : ""}`}>
        {throttled === 0 ? "–" : `${countText(throttled)}/s`}
      </span>
      <span class="wide">{shard.parents.map((id) => Number(id.slice(-12))).join(" + ") || "–"}</span>
      <span class="wide">{lifeText(shard)}</span>
    </button>
  );
}

function lifeText({ createdMs, closedMs }: Shard): string {
  if (createdMs === undefined) return "";
  const from = timeText(createdMs).slice(0, -4);
  return closedMs === undefined ? `since ${from}` : `${from} to ${timeText(closedMs).slice(0, -4)}`;
}

interface SelectedProps {
  readonly view: StreamView;
  readonly shard: Shard;
  readonly onDone: () => void;
}

function Selected({ view, shard, onDone }: SelectedProps) {
  const [action, setAction] = useState<"split" | "merge">();
  const rates = view.traffic?.shards[shard.index];
  const { StreamStatus, StreamModeDetails } = view.description;
  const isProvisioned = StreamModeDetails?.StreamMode !== "ON_DEMAND";
  const canReshard = !isReadOnly() && shard.isOpen && isProvisioned && StreamStatus === "ACTIVE";
  return (
    <div class="selected-shard">
      <div>
        <h2>
          {shard.id} {!shard.isOpen && <span class="tag">closed</span>}
        </h2>
        <dl>
          <dt>Hash keys</dt>
          <dd class="long">
            {String(shard.start)} to {String(shard.end)} ({shareText(shareOf(shard))})
          </dd>
          <dt>Sequence numbers</dt>
          <dd class="long">
            from {shard.firstSequenceNumber}
            {shard.lastSequenceNumber !== undefined && ` to ${shard.lastSequenceNumber}`}
          </dd>
          {shard.parents.length > 0 && (
            <>
              <dt>Parents</dt>
              <dd class="long">{shard.parents.join(", ")}</dd>
            </>
          )}
          {rates !== undefined && (
            <>
              <dt>Put now</dt>
              <dd>
                {countText(rates.incomingRecords)} records/s, {bytesText(rates.incomingBytes)}/s
              </dd>
              <dt>Readers behind</dt>
              <dd class={lagTone(rates.iteratorAgeMs)}>
                {rates.iteratorAgeMs === 0 ? "none" : durationText(rates.iteratorAgeMs)}
              </dd>
            </>
          )}
        </dl>
      </div>
      <div class="actions wrap">
        <a class="button" href={streamLink(view.name, "records", { shard: shard.id, start: "oldest" })}>
          Read its records
        </a>
        {canReshard && (
          <>
            <button type="button" onClick={() => setAction("split")}>
              Split…
            </button>
            <button type="button" onClick={() => setAction("merge")}>
              Merge…
            </button>
          </>
        )}
      </div>
      {action !== undefined && (
        <ReshardDialog
          {...{ action, view, shard }}
          onClose={(isDone) => {
            setAction(undefined);
            if (isDone) {
              onDone();
              view.refresh();
            }
          }}
        />
      )}
    </div>
  );
}
