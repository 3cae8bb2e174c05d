import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { serverNowMs } from "../api/console-data.ts";
import { rememberQuery } from "../app/address.ts";
import { useSchemaOf } from "../decode/schema.ts";
import { agoText, plural } from "../parts/format.ts";
import { Empty, Fault } from "../parts/notice.tsx";
import { VirtualRows } from "../parts/virtual-rows.tsx";
import type { StreamView } from "../streams/stream-page.tsx";
import { downloadNdjson } from "./download.ts";
import { type FilterKind, parseFilter } from "./filter.ts";
import type { StreamRecord } from "./record.ts";
import { RecordDetail } from "./record-detail.tsx";
import { RecordRow } from "./record-row.tsx";
import { RecordsBar } from "./records-bar.tsx";
import { type StartQuery, startAt, startFromQuery } from "./start-choice.ts";
import { type Records, useRecords } from "./use-records.ts";

interface RecordsTabProps {
  readonly view: StreamView;
  readonly query: Readonly<Record<string, string>>;
}

const rowHeight = 30;

/** The records of all shards in one list, the newest on top. */
export function RecordsTab({ view, query }: RecordsTabProps) {
  useSchemaOf(view.name);
  const linked = startFromQuery(query);
  const [place, setPlace] = useState<StartQuery>(linked);
  const [shardId, setShardId] = useState<string | undefined>(query["shard"]);
  const [filterText, setFilterText] = useState(query["filter"] ?? "");
  const [filterKind, setFilterKind] = useState<FilterKind>((query["by"] as FilterKind | undefined) ?? "text");
  // The start of "last minute" is fixed when it is chosen.
  const start = useMemo(() => startAt(place, serverNowMs()), [place]);
  const parsed = useMemo(() => parseFilter(filterKind, filterText), [filterKind, filterText]);
  const filter = parsed !== undefined && "kind" in parsed ? parsed : undefined;
  const records = useRecords({
    ...{ stream: view.name, shards: view.shards, shardId, start, filter },
    isLive: place.choice === "live",
  });
  useEffect(() => {
    rememberQuery(queryOf(place, { shardId, filterText, filterKind }));
  }, [place, shardId, filterText, filterKind]);
  const problem = parsed !== undefined && "problem" in parsed ? parsed.problem : records.filterFault;
  return (
    <div class="records">
      <RecordsBar
        {...{ place, shardId, filterKind, filterText, problem, records }}
        stream={view.name}
        shards={view.shards}
        onPlace={setPlace}
        onShard={setShardId}
        onFilter={(kind, text) => {
          setFilterKind(kind);
          setFilterText(text);
        }}
        onDownload={() => downloadNdjson(view.name, records.shown.rows)}
      />
      {records.fault !== undefined && <Fault>{records.fault}</Fault>}
      <RecordsBody
        {...{ view, records, place }}
        wanted={linked.choice === "sequence" ? linked.sequenceNumber : undefined}
        onPlace={setPlace}
        isFiltered={filter !== undefined}
      />
    </div>
  );
}

function queryOf(
  place: StartQuery,
  more: { readonly shardId: string | undefined; readonly filterText: string; readonly filterKind: FilterKind },
): Readonly<Record<string, string>> {
  const { choice, at, sequenceNumber } = place;
  return {
    ...(choice === "sequence" && sequenceNumber !== undefined ? { seq: sequenceNumber } : {}),
    ...(choice === "time" && at !== undefined ? { at } : {}),
    ...(choice === "sequence" || choice === "time" ? {} : { start: choice }),
    ...(more.shardId === undefined ? {} : { shard: more.shardId }),
    ...(more.filterText === "" ? {} : { filter: more.filterText, by: more.filterKind }),
  };
}

interface RecordsBodyProps {
  readonly view: StreamView;
  readonly records: Records;
  readonly place: StartQuery;
  readonly isFiltered: boolean;
  /** The sequence number of a link: its record is opened. */
  readonly wanted: string | undefined;
  readonly onPlace: (place: StartQuery) => void;
}

function RecordsBody({ view, records, place, isFiltered, wanted, onPlace }: RecordsBodyProps) {
  const { shown } = records;
  const [selected, setSelected] = useState<StreamRecord>();
  const [isAtTop, setAtTop] = useState(true);
  const openedLink = useRef(false);
  // While the top is out of view or a record is open, the newest row stays: a person reads here. Records of other shards can
  // still come below it.
  const topRecord = useRef<StreamRecord>(undefined);
  if (isAtTop && selected === undefined) topRecord.current = shown.rows.at(-1);
  // Zero: the list has forgotten it.
  const end = (topRecord.current === undefined ? 0 : shown.countUpTo(topRecord.current)) || shown.length;
  const fresh = shown.length - end;
  const [top, setTop] = useState<number>();
  useEffect(() => {
    if (wanted === undefined || openedLink.current) return;
    const found = shown.rows.find(({ sequenceNumber }) => sequenceNumber === wanted);
    if (found === undefined) return;
    openedLink.current = true;
    setSelected(found);
    setTop(shown.length - 1 - shown.rows.indexOf(found));
  });
  const move = (by: number): void => {
    const at = selected === undefined ? -1 : end - shown.countUpTo(selected);
    const index = Math.max(0, Math.min(end - 1, at + by));
    setSelected(shown.rows[end - 1 - index]);
    setTop(index);
  };
  if (shown.length === 0) return <NothingShown {...{ view, records, place, isFiltered, onPlace }} />;
  return (
    <div class={`records-body ${selected === undefined ? "" : "with-detail"}`}>
      <div class="records-list">
        {fresh > 0 && (
          <button
            type="button"
            class="fresh"
            onClick={() => {
              setSelected(undefined);
              setTop(0);
            }}
          >
            ↑ {plural(fresh, "new record")}
          </button>
        )}
        <VirtualRows
          count={end}
          rowHeight={rowHeight}
          label="Records, the newest first"
          show={top}
          onScroll={(scrolled) => {
            setAtTop(scrolled < rowHeight);
            if (scrolled > 0 && top === 0) setTop(undefined);
          }}
          onKeyDown={(event) => {
            const by = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
            if (event.key === "Escape") setSelected(undefined);
            if (by === undefined) return;
            event.preventDefault();
            move(by);
          }}
          row={(index) => {
            const record = shown.rows[end - 1 - index];
            if (record === undefined) return null;
            return <RecordRow record={record} isSelected={record === selected} onSelect={setSelected} />;
          }}
        />
      </div>
      {selected !== undefined && (
        <RecordDetail stream={view.name} record={selected} onClose={() => setSelected(undefined)} onMove={move} />
      )}
    </div>
  );
}

interface NothingShownProps {
  readonly view: StreamView;
  readonly records: Records;
  readonly place: StartQuery;
  readonly isFiltered: boolean;
  readonly onPlace: (place: StartQuery) => void;
}

/** Says why the list is empty and what to try next. */
function NothingShown({ view, records, place, isFiltered, onPlace }: NothingShownProps) {
  const { all, state } = records;
  const newestMs = view.traffic?.newestMs;
  if (isFiltered && all.length > 0) {
    return (
      <Empty>
        <p>None of the {plural(all.length, "record")} read so far matches the filter.</p>
        {place.choice !== "oldest" && (
          <button type="button" onClick={() => onPlace({ choice: "oldest" })}>
            Read from the oldest
          </button>
        )}
      </Empty>
    );
  }
  if (state === "reading") return <Empty>Reading…</Empty>;
  return (
    <Empty>
      <h2>{place.choice === "live" ? "Waiting for records" : "No records here"}</h2>
      <p>
        {place.choice === "oldest"
          ? "The stream has no records. What is put now appears here at once."
          : "What is put now appears here at once."}
      </p>
      {newestMs != null && place.choice !== "oldest" && place.choice !== "live" && (
        <p>The newest record arrived {agoText(serverNowMs() - newestMs)}.</p>
      )}
      {place.choice !== "oldest" && (
        <div class="actions">
          {newestMs != null && place.choice !== "live" && (
            <button
              type="button"
              onClick={() => onPlace({ choice: "time", at: new Date(newestMs - 60_000).toISOString() })}
            >
              Show the newest records
            </button>
          )}
          <button type="button" onClick={() => onPlace({ choice: "oldest" })}>
            Read from the oldest
          </button>
        </div>
      )}
    </Empty>
  );
}
