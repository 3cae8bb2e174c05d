import { setTimeout as pause } from "node:timers/promises";

const waitMsMin = 100;
const waitMsMax = 5_000;
/** How long calls may go on failing before the command gives up; longer than a restart of a server. */
const patienceMs = 120_000;

const throttled = /Throttl|ProvisionedThroughputExceeded|LimitExceeded|RequestLimitExceeded|TooManyRequests|SlowDown/;
const networkCodes = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ERR_HTTP2)/;

/** Whether the same call may succeed a moment later. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code = "" } = error as NodeJS.ErrnoException;
  const status =
    (error as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0;
  return throttled.test(error.name) || networkCodes.test(code) || error.name === "TimeoutError" || status >= 500;
}

/** Tells once that calls fail and are repeated; undefined: they work again. */
export type OnTrouble = (error: Error | undefined) => void;

/**
 * Calls until it works, with growing pauses. Throws the last error when it is not transient, when calls have failed for
 * `patienceMs`, or when the signal is aborted.
 */
export async function retryTransient<T>(
  call: () => Promise<T>,
  { signal, onTrouble }: { readonly signal: AbortSignal; readonly onTrouble: OnTrouble },
): Promise<T> {
  const endMs = performance.now() + patienceMs;
  let isTold = false;
  for (let waitMs = waitMsMin; ; waitMs = Math.min(waitMs * 2, waitMsMax)) {
    try {
      const result = await call();
      if (isTold) onTrouble(undefined);
      return result;
    } catch (error) {
      signal.throwIfAborted();
      if (!isTransient(error) || performance.now() + waitMs > endMs) throw error;
      if (!isTold && waitMs >= 1_000) {
        isTold = true;
        onTrouble(error as Error);
      }
      await pause(waitMs * (0.5 + Math.random() / 2), undefined, { signal });
    }
  }
}
