import { kinesis } from "../api/kinesis.ts";
import { useAction } from "./use-action.ts";

export interface Change {
  readonly isBusy: boolean;
  readonly fault: string | undefined;
  /** Resolves with whether the call succeeded. */
  readonly change: (operation: string, input: object) => Promise<boolean>;
}

/** Calls that change what the page shows; `onChanged` asks for it again. */
export function useChange(onChanged: () => void): Change {
  const { isBusy, fault, run } = useAction();
  const change = async (operation: string, input: object): Promise<boolean> => {
    const isDone = await run(() => kinesis(operation, input));
    if (isDone) onChanged();
    return isDone;
  };
  return { isBusy, fault, change };
}
