/** One client library and the program that drives Millrace with it. */
export interface Library {
  readonly name: string;
  readonly tools: readonly Tool[];
  /** Takes minutes: it is run against a server that verifies signatures, and not against one that takes any as well. */
  readonly isSlow?: true;
  /** Gets and builds what `run` needs; quick when that has been done before. */
  prepare(): Promise<void>;
  /** Rejects when anything is wrong with what the server did; else resolves with a few words on what was done. */
  run(environment: Environment): Promise<string>;
}

/** Where the server is and whom to be: MILLRACE_HTTP, MILLRACE_HTTPS, MILLRACE_CA (a file) and the AWS_ variables. */
export type Environment = Readonly<Record<string, string>>;

export interface Tool {
  /** As `.ci/tools` calls it, if that promises it. */
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

export const java: Tool = { name: "Java 17 or newer", command: ["java", "-version"] };
export const maven: Tool = { name: "Maven", command: ["mvn", "--version"] };
export const go: Tool = { name: "Go", command: ["go", "version"] };
export const python: Tool = { name: "Python 3 with venv", command: ["python3", "-c", "import ensurepip, venv"] };

/** Thrown by `prepare` when this machine cannot run the library for a reason that is not Millrace's. */
export class NotRunHere extends Error {}
