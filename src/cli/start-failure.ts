/** Errors whose message is one sentence for the person at the terminal: something outside the program must be mended. */
const outsideErrorNames: ReadonlySet<string> = new Set([
  "StartError",
  "BindError",
  "DataDirectoryError",
  "EngineError",
]);

/**
 * What to print and how to exit. Known by name, because the engines' own errors live where only main.ts may look.
 * Anything else is a fault of ours: its stack is what a report needs.
 */
export function describeStartFailure(error: unknown): { readonly text: string; readonly exitCode: number } {
  if (error instanceof Error && outsideErrorNames.has(error.name)) return { text: error.message, exitCode: 2 };
  const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { text: `this is a fault in Millrace itself: ${details}`, exitCode: 1 };
}
