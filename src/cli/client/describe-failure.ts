import { CommandError, exitCodes } from "../output/command-error.ts";

export interface Failure {
  readonly text: string;
  readonly exitCode: number;
}

const networkSentences: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there; start a server with `millrace serve`, or give --endpoint URL",
  ENOTFOUND: "the host name is not known",
  EAI_AGAIN: "the host name cannot be looked up now",
  ETIMEDOUT: "the connection takes too long",
  ECONNRESET: "the server has closed the connection",
  EHOSTUNREACH: "no route leads there",
};

const tlsHint = "give --ca-bundle FILE (of a Millrace that made its own: DATA-DIR/tls/ca.pem), or --no-verify-tls";

/**
 * Errors of commands that work on a cluster or data directory themselves: each message is a sentence for the operator.
 * Recognized by name, because only composition roots import an engine.
 */
const operatorErrorNames: ReadonlySet<string> = new Set(["EngineError", "DataDirectoryError"]);

/** One sentence for any error, without a stack. `place` is where the command sent its calls, if it did. */
export function describeFailure(error: unknown, place: string | undefined): Failure {
  if (error instanceof CommandError) return { text: error.message, exitCode: error.exitCode };
  if (!(error instanceof Error)) return internal(String(error));
  if (operatorErrorNames.has(error.name)) return { text: error.message, exitCode: exitCodes.notPossible };
  const at = place === undefined ? "" : ` (${place})`;
  const network = networkFailure(error);
  if (network !== undefined) {
    return { text: `no answer from ${place ?? "the server"}: ${network}`, exitCode: exitCodes.notPossible };
  }
  // Errors that the SDK makes of an error response, or of wrong credentials and profiles.
  if ("$metadata" in error || /Credentials|Profile|Token|SSO|Region/.test(error.name)) {
    return { text: `${error.name}: ${error.message || "no message"}${at}`, exitCode: exitCodes.notPossible };
  }
  const { code } = error as NodeJS.ErrnoException;
  if (code !== undefined && /^E[A-Z]+$/.test(code)) return { text: error.message, exitCode: exitCodes.notPossible };
  const [, where = ""] = (error.stack ?? "").split("\n");
  return internal(`${error.name}: ${error.message} ${where.trim()}`);
}

function internal(details: string): Failure {
  return { text: `internal error, a bug in Millrace; please report it: ${details}`, exitCode: exitCodes.internalError };
}

/** Why the server could not be reached; undefined if it is another error. */
function networkFailure(error: Error): string | undefined {
  for (const each of [error, error.cause, ...innerErrors(error)]) {
    const { code = "", message = "", name = "" } = (each ?? {}) as NodeJS.ErrnoException;
    const sentence = Object.hasOwn(networkSentences, code) ? networkSentences[code] : undefined;
    if (sentence !== undefined) return sentence;
    if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/.test(code))
      return `its certificate is not trusted (${code}); ${tlsHint}`;
    if (code === "EPROTO") return `it does not speak TLS here (${message}); try http:// in place of https://`;
    if (name === "TimeoutError") return message;
  }
  return undefined;
}

function innerErrors(error: Error): readonly unknown[] {
  return error instanceof AggregateError ? error.errors : [];
}
