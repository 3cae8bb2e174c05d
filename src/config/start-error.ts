/** The server cannot start, for a reason that its operator can change. The message is one sentence, printed without a stack trace. */
export class StartError extends Error {
  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = "StartError";
  }
}
