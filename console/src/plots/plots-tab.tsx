import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";
import { type History, historyOf } from "../api/console-data.ts";
import { streamLink } from "../app/route.ts";
import { Choices } from "../parts/choices.tsx";
import { bytesText, countText, durationText, lagTone, plural, shortShard } from "../parts/format.ts";
import { Empty } from "../parts/notice.tsx";
import { usePolled } from "../parts/use-polled.ts";
import { shardIndexOf } from "../shards/shard.ts";
import type { StreamView } from "../streams/stream-page.tsx";
import { Plot } from "./plot.tsx";
import { bytesUnits, durationUnits } from "./ticks.ts";

const everyMs = 5_000;
const stepSeconds = 5;
const spans = [5, 15, 60] as const;

/** The last hour of the stream or of one shard. */
export function PlotsTab({ view }: { readonly view: StreamView }) {
  const [shardId, setShardId] = useState<string>();
  const [minutes, setMinutes] = useState<(typeof spans)[number]>(15);
  const shardIndex = shardId === undefined ? undefined : shardIndexOf(shardId);
  const { value: steps } = usePolled(() => historyOf(view.name, shardIndex), everyMs, `${view.name} ${shardId}`);
  const busy = view.shards.filter(({ index }) => view.traffic?.shards[index] !== undefined || shardIndex === index);
  return (
    <div>
      <div class="bar">
        <select
          aria-label="Stream or shard"
          value={shardId ?? ""}
          onChange={(event) => setShardId(event.currentTarget.value || undefined)}
        >
          <option value="">The whole stream</option>
          {busy.slice(0, 500).map(({ id }) => (
            <option key={id} value={id}>
              Shard {shortShard(id)}
            </option>
          ))}
        </select>
        <Choices
          label="Time span"
          names={spans.map((span) => [span, `${span} min`] as const)}
          chosen={minutes}
          onChoose={setMinutes}
        />
      </div>
      {steps === undefined ? (
        <p class="loading">Loading…</p>
      ) : steps === null ? (
        <Empty>
          <h2>No traffic in the last hour</h2>
          <p>Plots begin with the first record that is put or read after the server's start.</p>
        </Empty>
      ) : (
        <Plots steps={steps} minutes={minutes}>
          <Consumers view={view} />
        </Plots>
      )}
    </div>
  );
}

interface PlotsProps {
  readonly steps: History;
  readonly minutes: number;
  /** What is shown beside the plots. */
  readonly children: ComponentChildren;
}

function Plots({ steps, minutes, children }: PlotsProps) {
  const { times, of } = useMemo(() => {
    const count = (minutes * 60) / stepSeconds;
    const end = steps.endMs / 1000;
    return {
      times: Array.from({ length: count }, (_, i) => end - (count - 1 - i) * stepSeconds),
      of: (name: Exclude<keyof History, "endMs">) => steps[name].slice(-count),
    };
  }, [steps, minutes]);
  const rate = (value: number): string => `${countText(value)}/s`;
  const bytes = (value: number): string => `${bytesText(value)}/s`;
  return (
    <div class="plots">
      <Plot
        title="Records"
        format={rate}
        times={times}
        lines={[
          { label: "put", color: "--plot-1", values: of("incomingRecords") },
          { label: "read", color: "--plot-2", values: of("outgoingRecords") },
        ]}
      />
      <Plot
        title="Bytes"
        format={bytes}
        units={bytesUnits}
        times={times}
        lines={[
          { label: "put", color: "--plot-1", values: of("incomingBytes") },
          { label: "read", color: "--plot-2", values: of("outgoingBytes") },
        ]}
      />
      <Plot
        title="Throttled"
        format={rate}
        times={times}
        lines={[
          { label: "records put", color: "--plot-3", values: of("throttledWrites") },
          { label: "reads", color: "--plot-4", values: of("throttledReads") },
        ]}
      />
      <Plot
        title="Readers behind (iterator age)"
        format={durationText}
        units={durationUnits}
        times={times}
        lines={[{ label: "the furthest", color: "--plot-2", values: of("iteratorAgeMs") }]}
      />
      <Plot
        title="Duration of calls, mean"
        format={(ms) => `${ms > 0 && ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`}
        times={times}
        lines={[
          { label: "puts", color: "--plot-1", values: of("putMs") },
          { label: "GetRecords", color: "--plot-2", values: of("readMs") },
        ]}
      />
      {children}
    </div>
  );
}

function Consumers({ view }: { readonly view: StreamView }) {
  const consumers = Object.entries(view.traffic?.consumers ?? {}).sort(
    ([, one], [, other]) => other.millisBehindLatest - one.millisBehindLatest,
  );
  return (
    <div class="plot consumers">
      <h2>Consumers with enhanced fan-out</h2>
      {consumers.length === 0 ? (
        <p class="muted">None has read since the server's start.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Consumer</th>
              <th scope="col">Behind</th>
              <th scope="col">Subscribed to</th>
            </tr>
          </thead>
          <tbody>
            {consumers.map(([name, { millisBehindLatest, shards }]) => (
              <tr key={name}>
                <td class="long">{name}</td>
                <td class={lagTone(millisBehindLatest)}>
                  {millisBehindLatest === 0 ? "up to date" : durationText(millisBehindLatest)}
                </td>
                <td>{plural(shards, "shard")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p class="hint">
        Readers that poll with GetRecords do not say who they are. The page{" "}
        <a href={streamLink(view.name, "shards")}>Shards</a> shows how far they are behind in each shard.
      </p>
    </div>
  );
}
