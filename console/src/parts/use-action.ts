import { useState } from "preact/hooks";
import { sentenceOf } from "../api/kinesis.ts";

export interface Action {
  readonly isBusy: boolean;
  readonly fault: string | undefined;
  /** Runs work, and shows why it failed; resolves with whether it succeeded. */
  readonly run: (work: () => Promise<unknown>) => Promise<boolean>;
}

/** The state of work that a button begins. */
export function useAction(): Action {
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState<string>();
  const run = async (work: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    setFault(undefined);
    try {
      await work();
      return true;
    } catch (error) {
      setFault(sentenceOf(error));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { isBusy, fault, run };
}
