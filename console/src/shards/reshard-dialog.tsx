import { useState } from "preact/hooks";
import { kinesis } from "../api/kinesis.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Form } from "../parts/form.tsx";
import { bytesText } from "../parts/format.ts";
import { Fault } from "../parts/notice.tsx";
import { useAction } from "../parts/use-action.ts";
import type { StreamView } from "../streams/stream-page.tsx";
import { middleOf, neighborsOf, planSplit, type Range } from "./reshard.ts";
import { type Shard, shareOf, shareText } from "./shard.ts";

interface ReshardDialogProps {
  readonly action: "split" | "merge";
  readonly view: StreamView;
  readonly shard: Shard;
  /** Told whether the stream changes. */
  readonly onClose: (isDone: boolean) => void;
}

/** A split or merge, with the shards that it makes before it is done. */
export function ReshardDialog({ action, ...rest }: ReshardDialogProps) {
  return (
    <Dialog title={`${action === "split" ? "Split" : "Merge"} ${rest.shard.id}`} onClose={() => rest.onClose(false)}>
      {action === "split" ? <SplitForm {...rest} /> : <MergeForm {...rest} />}
    </Dialog>
  );
}

type FormProps = Omit<ReshardDialogProps, "action">;

function SplitForm({ view, shard, onClose }: FormProps) {
  const { isBusy, fault, run } = useAction();
  const [at, setAt] = useState(String(middleOf(shard)));
  const plan = planSplit(shard, at.trim());
  const split = async (): Promise<void> => {
    const input = { StreamName: view.name, ShardToSplit: shard.id, NewStartingHashKey: at.trim() };
    if (await run(() => kinesis("SplitShard", input))) onClose(true);
  };
  return (
    <Form class="fields" onSubmit={() => void split()}>
      <label>
        First hash key of the second child
        <input
          value={at}
          inputMode="numeric"
          spellcheck={false}
          onInput={(event) => setAt(event.currentTarget.value)}
        />
        <small>Filled in: the middle, so that each child takes half.</small>
      </label>
      {"problem" in plan ? (
        <Fault>{plan.problem}</Fault>
      ) : (
        <Preview
          before={[{ name: shard.id, range: shard }]}
          after={plan.children.map((range, i) => ({ name: `child ${i + 1}`, range }))}
          bytes={view.traffic?.shards[shard.index]?.incomingBytes}
        />
      )}
      <p class="hint">
        The shard closes, its records stay readable until they expire, and new records go to the children.
      </p>
      {fault !== undefined && <Fault>{fault}</Fault>}
      <div class="actions">
        <button type="submit" class="primary" disabled={isBusy || "problem" in plan}>
          Split
        </button>
      </div>
    </Form>
  );
}

function MergeForm({ view, shard, onClose }: FormProps) {
  const { isBusy, fault, run } = useAction();
  const { before, after } = neighborsOf(view.shards, shard);
  const [otherId, setOtherId] = useState(after?.id ?? before?.id);
  const other = [before, after].find((one) => one?.id === otherId);
  if (other === undefined) return <p>The stream has one open shard, so there is none to merge it with.</p>;
  const range = { start: min(shard.start, other.start), end: max(shard.end, other.end) };
  const merge = async (): Promise<void> => {
    const input = { StreamName: view.name, ShardToMerge: shard.id, AdjacentShardToMerge: other.id };
    if (await run(() => kinesis("MergeShards", input))) onClose(true);
  };
  const pair = [shard, other].sort((one, two) => (one.start < two.start ? -1 : 1));
  const bytes = pair.reduce((sum, { index }) => sum + (view.traffic?.shards[index]?.incomingBytes ?? 0), 0);
  return (
    <Form class="fields" onSubmit={() => void merge()}>
      <label>
        With the neighbor
        <select value={otherId} onChange={(event) => setOtherId(event.currentTarget.value)}>
          {after !== undefined && <option value={after.id}>{after.id} (next hash keys)</option>}
          {before !== undefined && <option value={before.id}>{before.id} (hash keys before)</option>}
        </select>
      </label>
      <Preview
        before={pair.map((one) => ({ name: one.id, range: one }))}
        after={[{ name: "merged shard", range }]}
        bytes={bytes === 0 ? undefined : bytes}
      />
      <p class="hint">
        Both shards close, their records stay readable until they expire, and new records go to the merged one.
      </p>
      {fault !== undefined && <Fault>{fault}</Fault>}
      <div class="actions">
        <button type="submit" class="primary" disabled={isBusy}>
          Merge
        </button>
      </div>
    </Form>
  );
}

interface Part {
  readonly name: string;
  readonly range: Range;
}

interface PreviewProps {
  readonly before: readonly Part[];
  readonly after: readonly Part[];
  /** Bytes a second that the shards take now. */
  readonly bytes: number | undefined;
}

/** The shards before and after, as wide as their ranges. */
function Preview({ before, after, bytes }: PreviewProps) {
  const whole = before.reduce((sum, { range }) => sum + shareOf(range), 0);
  return (
    <figure class="preview">
      {[before, after].map((parts, row) => (
        <div key={row === 0 ? "before" : "after"} class={`preview-row ${row === 0 ? "closed" : "open"}`}>
          {parts.map(({ name, range }) => {
            const part = shareOf(range) / whole;
            return (
              <div key={name} class="preview-part" style={{ flexGrow: Math.max(0.02, part) }}>
                <b>{name}</b>
                <span>
                  {shareText(shareOf(range))}
                  {bytes !== undefined && `, about ${bytesText(bytes * part)}/s`}
                </span>
              </div>
            );
          })}
        </div>
      ))}
    </figure>
  );
}

function min(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}

function max(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
