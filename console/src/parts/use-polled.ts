import { useEffect, useState } from "preact/hooks";
import { sentenceOf } from "../api/kinesis.ts";

export interface Polled<Value> {
  readonly value: Value | undefined;
  readonly fault: string | undefined;
  /** Asks at once. */
  readonly refresh: () => void;
}

/** The newest answer to a question that is asked again and again while the page is visible. `key`: what the question is of. */
export function usePolled<Value>(ask: () => Promise<Value>, everyMs: number, key: string): Polled<Value> {
  const [answer, setAnswer] = useState<{ readonly key: string; readonly value?: Value; readonly fault?: string }>();
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const answerOnce = async (): Promise<void> => {
      try {
        const value = await ask();
        if (!isOver) setAnswer({ key, value });
      } catch (error) {
        const fault = sentenceOf(error);
        // The last good answer stays in view.
        if (!isOver) setAnswer((before) => (before?.key === key ? { ...before, fault } : { key, fault }));
      }
    };
    const next = async (): Promise<void> => {
      if (!document.hidden) await answerOnce();
      if (!isOver) timer = setTimeout(() => void next(), everyMs);
    };
    void next();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [key, turn, everyMs]);
  const current = answer?.key === key ? answer : undefined;
  return { value: current?.value, fault: current?.fault, refresh: () => setTurn((count) => count + 1) };
}
