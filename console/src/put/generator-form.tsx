import { useEffect, useRef, useState } from "preact/hooks";
import { sentenceOf } from "../api/kinesis.ts";
import { plural } from "../parts/format.ts";
import { Fault } from "../parts/notice.tsx";
import type { StreamView } from "../streams/stream-page.tsx";
import { demoOrder, dueCount } from "./generate.ts";
import { putMany } from "./send.ts";

const tickMs = 100;
const perTickMax = 2_000;

/** Puts made-up orders at an even rate until it is stopped or the page is left. */
export function GeneratorForm({ view }: { readonly view: StreamView }) {
  const [perSecond, setPerSecond] = useState(20);
  const [isOn, setOn] = useState(false);
  const [stored, setStored] = useState(0);
  const [fault, setFault] = useState<string>();
  const made = useRef(0);
  useEffect(() => {
    if (!isOn) return undefined;
    let isOver = false;
    let sent = 0;
    const startedMs = performance.now();
    const run = async (): Promise<void> => {
      while (!isOver) {
        const due = Math.min(perTickMax, dueCount(sent, perSecond, performance.now() - startedMs));
        sent += due;
        const orders = Array.from({ length: due }, () => demoOrder(++made.current, Math.random, Date.now()));
        await putMany(view.name, orders, (more) => setStored((before) => before + more));
        await new Promise((resolve) => setTimeout(resolve, tickMs));
      }
    };
    run().catch((error: unknown) => {
      setFault(sentenceOf(error));
      setOn(false);
    });
    return () => {
      isOver = true;
    };
  }, [isOn, perSecond, view.name]);
  return (
    <div class="fields">
      <p class="hint">Puts made-up orders, so that there is something to look at. It stops when you leave this tab.</p>
      <label>
        Records a second: {perSecond}
        <input
          type="range"
          min={1}
          max={1_000}
          value={perSecond}
          onInput={(event) => setPerSecond(Number(event.currentTarget.value))}
        />
      </label>
      {fault !== undefined && <Fault>{fault}</Fault>}
      <div class="actions">
        <output aria-live="polite">{stored > 0 && `${plural(stored, "record")} stored`}</output>
        <button
          type="button"
          class={isOn ? "" : "primary"}
          onClick={() => {
            setFault(undefined);
            setOn(!isOn);
          }}
        >
          {isOn ? "Stop" : "Start"}
        </button>
      </div>
    </div>
  );
}
