/** Standard error: what is going on. A terminal gets one line that changes; a file or pipe gets the last state alone. */

const redrawMs = 100;

export function note(text: string): void {
  process.stderr.write(`millrace: ${text}\n`);
}

export interface Progress {
  /** Draws the state, at most ten times a second. */
  update(): void;
  /** Ends the line, and prints the last state. */
  end(): void;
}

/** `describe` gets the seconds since the begin. */
export function startProgress(describe: (seconds: number) => string): Progress {
  const isTerminal = process.stderr.isTTY;
  const startMs = performance.now();
  const text = (): string => describe((performance.now() - startMs) / 1000);
  let drawnMs = Number.NEGATIVE_INFINITY;
  return {
    update() {
      const nowMs = performance.now();
      if (!isTerminal || nowMs - drawnMs < redrawMs) return;
      drawnMs = nowMs;
      process.stderr.write(`\r\u001b[K${text().slice(0, (process.stderr.columns ?? 80) - 1)}`);
    },
    end() {
      process.stderr.write(`${isTerminal ? "\r\u001b[K" : ""}millrace: ${text()}\n`);
    },
  };
}

/** `[#####.....]`; for a part between 0 and 1. */
export function bar(part: number): string {
  const width = 20;
  const filled = Math.round(Math.min(1, Math.max(0, part)) * width);
  return `[${"#".repeat(filled)}${".".repeat(width - filled)}]`;
}
