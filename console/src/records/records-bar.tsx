import { useState } from "preact/hooks";
import { schema } from "../decode/schema.ts";
import { plural, shortShard, timeText } from "../parts/format.ts";
import { Options } from "../parts/options.tsx";
import type { Shard } from "../shards/shard.ts";
import type { FilterKind } from "./filter.ts";
import { rowsMax } from "./record-list.ts";
import { SchemaDialog } from "./schema-dialog.tsx";
import { type StartChoice, type StartQuery, startNames } from "./start-choice.ts";
import type { Records } from "./use-records.ts";

interface RecordsBarProps {
  readonly stream: string;
  readonly place: StartQuery;
  readonly shards: readonly Shard[];
  readonly shardId: string | undefined;
  readonly filterKind: FilterKind;
  readonly filterText: string;
  /** What is wrong with the filter. */
  readonly problem: string | undefined;
  readonly records: Records;
  readonly onPlace: (place: StartQuery) => void;
  readonly onShard: (shardId: string | undefined) => void;
  readonly onFilter: (kind: FilterKind, text: string) => void;
  readonly onDownload: () => void;
}

/** More shards than a menu is good for are typed. */
const menuShardsMax = 200;

const placeholders: Readonly<Record<FilterKind, string>> = {
  text: "Text in data or key",
  key: "Partition key begins with",
  path: 'order.total > 100 or status == "paid"',
  regex: "Regular expression on the data",
};

export function RecordsBar(props: RecordsBarProps) {
  const { place, filterKind, filterText, problem, records, onPlace, onFilter, onDownload } = props;
  const isPaused = records.state === "paused";
  const [asksSchema, setAsksSchema] = useState(false);
  return (
    <div class="records-bar">
      <label>
        <span class="label">From</span>
        <select
          aria-label="From"
          value={place.choice}
          onChange={(event) => onPlace(newPlace(event.currentTarget.value as StartChoice, place))}
        >
          <Options names={startNames} />
        </select>
      </label>
      {place.choice === "time" && (
        <input
          type="datetime-local"
          aria-label="Time of the first record"
          step="1"
          value={localTime(place.at)}
          onChange={(event) => {
            const ms = Date.parse(event.currentTarget.value);
            if (!Number.isNaN(ms)) onPlace({ choice: "time", at: new Date(ms).toISOString() });
          }}
        />
      )}
      <ShardChoice {...props} />
      {place.choice === "sequence" && (
        <input
          aria-label="Sequence number of the first record"
          placeholder="Sequence number"
          value={place.sequenceNumber ?? ""}
          onChange={(event) => {
            const sequenceNumber = event.currentTarget.value.trim();
            const shardId = props.shardId ?? props.shards[0]?.id;
            if (/^\d+$/.test(sequenceNumber) && shardId !== undefined) {
              props.onShard(shardId);
              onPlace({ choice: "sequence", shardId, sequenceNumber });
            }
          }}
        />
      )}
      <div class="filter">
        <select
          aria-label="What to filter by"
          value={filterKind}
          onChange={(event) => onFilter(event.currentTarget.value as FilterKind, filterText)}
        >
          <option value="text">Text</option>
          <option value="key">Key</option>
          <option value="path">JSON path</option>
          <option value="regex">Regex</option>
        </select>
        <input
          type="search"
          aria-label="Filter"
          aria-invalid={problem !== undefined}
          placeholder={placeholders[filterKind]}
          value={filterText}
          onInput={(event) => onFilter(filterKind, event.currentTarget.value)}
        />
      </div>
      <button type="button" onClick={isPaused ? records.resume : records.pause} disabled={records.state === "ended"}>
        {isPaused ? "Resume" : "Pause"}
      </button>
      <button
        type="button"
        onClick={onDownload}
        disabled={records.shown.length === 0}
        title="NDJSON: one JSON object a line"
      >
        Download
      </button>
      <button type="button" onClick={() => setAsksSchema(true)} title="Protocol Buffers">
        {schema.value === undefined ? "Schema…" : schema.value.messageName.replace(/^.*\./, "")}
      </button>
      {asksSchema && <SchemaDialog stream={props.stream} onClose={() => setAsksSchema(false)} />}
      <p class="status">{problem === undefined ? <Status {...props} /> : <span class="bad">{problem}</span>}</p>
    </div>
  );
}

function Status({ records, filterText, onPlace }: RecordsBarProps) {
  const { all, shown, state, waiting, completeToMs } = records;
  const found = filterText === "" ? "" : `${plural(shown.length, "match")} in `.replace("matchs", "matches");
  return (
    <>
      <span class={`state ${state}`}>
        <span class="dot" aria-hidden="true" /> {stateText(state)}
      </span>
      <span>
        {found}
        {plural(all.length, "record")}
        {waiting > 0 && `, ${plural(waiting, "record")} to look at`}
        {all.forgotten > 0 && `; the oldest ${plural(all.forgotten, "record")} left the list, which holds ${rowsMax}`}
      </span>
      {state === "full" && (
        <>
          {completeToMs !== undefined && <span>up to {timeText(completeToMs)}</span>}
          <button type="button" class="link" onClick={records.more}>
            Read on
          </button>
          <button type="button" class="link" onClick={() => onPlace({ choice: "live" })}>
            Jump to now
          </button>
        </>
      )}
    </>
  );
}

function stateText(state: Records["state"]): string {
  switch (state) {
    case "reading":
      return "reading";
    case "full":
      return "there is more";
    case "live":
      return "live";
    case "paused":
      return "paused";
    case "ended":
      return "end of the closed shard";
  }
}

function ShardChoice({ shards, shardId, onShard }: RecordsBarProps) {
  if (shards.length > menuShardsMax) {
    return (
      <input
        class="shard-input"
        aria-label="Shard"
        placeholder="All shards, or a number"
        value={shardId === undefined ? "" : shortShard(shardId)}
        onChange={(event) => {
          const wanted = event.currentTarget.value.trim();
          onShard(shards.find(({ id }) => id === wanted || shortShard(id) === wanted)?.id);
        }}
      />
    );
  }
  return (
    <select
      aria-label="Shard"
      value={shardId ?? ""}
      onChange={(event) => onShard(event.currentTarget.value === "" ? undefined : event.currentTarget.value)}
    >
      <option value="">All shards</option>
      {shards.map(({ id, isOpen }) => (
        <option key={id} value={id}>
          Shard {shortShard(id)}
          {isOpen ? "" : " (closed)"}
        </option>
      ))}
    </select>
  );
}

function newPlace(choice: StartChoice, before: StartQuery): StartQuery {
  if (choice === "time") return { choice, at: before.at ?? new Date(Date.now() - 3_600_000).toISOString() };
  return { choice };
}

/** As the input wants it: local, without a zone. */
function localTime(iso: string | undefined): string {
  if (iso === undefined) return "";
  const time = new Date(iso);
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
