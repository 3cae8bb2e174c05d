/** The exit codes of all commands but those of the server and of its data directory. docs/cli/README.md lists them. */
export const exitCodes = { done: 0, partly: 1, notPossible: 2, internalError: 3 } as const;

/** A failure that the user can do something about. The message is one sentence, without `millrace:` and without a stack. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: number;

  constructor(message: string, exitCode: number = exitCodes.notPossible) {
    super(message);
    this.exitCode = exitCode;
  }
}
