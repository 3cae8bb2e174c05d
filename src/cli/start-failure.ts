/** Errors with a cause outside the program. Their message is one sentence for the operator. */
const operatorErrorNames: ReadonlySet<string> = new Set([
  "StartError",
  "BindError",
  "DataDirectoryError",
  "EngineError",
]);

/**
 * The text to print and the exit code. Errors are recognized by name, because only composition roots import an engine. Any
 * other error is a bug, printed with its stack.
 */
export function describeStartFailure(error: unknown): { readonly text: string; readonly exitCode: number } {
  if (error instanceof Error && operatorErrorNames.has(error.name)) return { text: error.message, exitCode: 2 };
  const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { text: `internal error, a bug in Millrace; please report it with this stack trace: ${details}`, exitCode: 1 };
}
