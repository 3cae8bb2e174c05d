import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { serverNowMs, storedNews } from "../api/console-data.ts";
import { kinesis, sentenceOf } from "../api/kinesis.ts";
import { schema } from "../decode/schema.ts";
import { type Shard, shardIdOf } from "../shards/shard.ts";
import type { Filter } from "./filter.ts";
import { Matcher } from "./matching.ts";
import { type ReaderState, RecordReader, type StartAt } from "./reader.ts";
import { RecordList } from "./record-list.ts";

/** Records read before a person is asked whether to go on. */
const backlogMax = 20_000;
/** The list is drawn so often at most. */
const drawEveryMs = 60;

export interface RecordsSource {
  readonly stream: string;
  readonly shards: readonly Shard[];
  /** Read this shard alone. */
  readonly shardId: string | undefined;
  readonly start: StartAt | undefined;
  /** Nothing before now is wanted: shards are read when they store records. */
  readonly isLive: boolean;
  readonly filter: Filter | undefined;
}

export interface Records {
  /** Everything that was read, the oldest first. */
  readonly all: RecordList;
  /** What the filter lets through. */
  readonly shown: RecordList;
  readonly state: ReaderState;
  readonly fault: string | undefined;
  readonly filterFault: string | undefined;
  /** Records that the filter has not looked at yet. */
  readonly waiting: number;
  /** The time up to which all shards are read; undefined at the tip. */
  readonly completeToMs: number | undefined;
  readonly more: () => void;
  readonly pause: () => void;
  readonly resume: () => void;
}

/** Reads records, filters them, and draws the page again when there are more. */
export function useRecords({ stream, shards, shardId, start, isLive, filter }: RecordsSource): Records {
  const [, setDrawn] = useState(0);
  const [state, setState] = useState<ReaderState>("reading");
  const [fault, setFault] = useState<string>();
  const [filterFault, setFilterFault] = useState<string>();
  const reader = useRef<RecordReader | undefined>(undefined);
  const matcher = useRef<Matcher | undefined>(undefined);
  const startKey = JSON.stringify([stream, shardId, start, isLive]);
  const all = useMemo(() => new RecordList(), [startKey]);
  const { descriptorsBase64, messageName } = schema.value ?? {};
  // What a filter finds depends on what the records are decoded to.
  const filterKey = JSON.stringify([filter, messageName, descriptorsBase64?.length]);
  const shown = useMemo(() => (filter === undefined ? all : new RecordList()), [all, filterKey]);
  const draw = useMemo(() => throttled(() => setDrawn((count) => count + 1)), []);
  useEffect(() => {
    setFilterFault(undefined);
    if (filter === undefined) return undefined;
    const made = new Matcher(
      filter,
      (found) => {
        shown.insert(found);
        draw();
      },
      setFilterFault,
      schema.value,
    );
    made.add(all.rows);
    matcher.current = made;
    return () => {
      made.close();
      matcher.current = undefined;
    };
  }, [all, filterKey]);
  useEffect(() => {
    if (start === undefined) return undefined;
    const made = new RecordReader(
      {
        ...{ stream, start, backlogMax },
        shardIds: isLive && shardId === undefined ? [] : shardId === undefined ? readable(shards, start) : [shardId],
        only: shardId !== undefined,
        onRecords: (records) => {
          all.insert(records);
          matcher.current?.add(records);
          draw();
        },
        onState: (next) => {
          setState(next);
          draw();
        },
        onFault: (error) => setFault(error === undefined ? undefined : sentenceOf(error)),
      },
      { call: kinesis, news: (signal) => storedNews(stream, signal), shardIdOf, nowMs: serverNowMs },
    );
    reader.current = made;
    setState(made.state);
    made.start();
    // A page in the background gives its connection back: browsers have six for each server.
    const watch = (): void => (document.hidden ? made.suspend() : made.wake());
    document.addEventListener("visibilitychange", watch);
    return () => {
      document.removeEventListener("visibilitychange", watch);
      made.close();
    };
  }, [startKey]);

  return {
    ...{ all, shown, state, fault, filterFault },
    completeToMs: finite(reader.current?.completeToMs),
    waiting: matcher.current?.waitingCount ?? 0,
    more: () => reader.current?.more(),
    pause: () => reader.current?.pause(),
    resume: () => reader.current?.resume(),
  };
}

function finite(value: number | undefined): number | undefined {
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}

/** Shards that may have records from the start on. */
function readable(shards: readonly Shard[], start: StartAt): readonly string[] {
  const from = start.kind === "time" ? start.timeMs : 0;
  return shards.filter(({ closedMs }) => closedMs === undefined || closedMs >= from).map(({ id }) => id);
}

/** At most one call in `drawEveryMs`, the last one not lost. */
function throttled(run: () => void): () => void {
  let isWaiting = false;
  return () => {
    if (isWaiting) return;
    isWaiting = true;
    setTimeout(() => {
      isWaiting = false;
      run();
    }, drawEveryMs);
  };
}
