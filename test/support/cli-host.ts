/**
 * Runs one command after another in this process, for `runCli`: a process of its own for each would spend four fifths of its
 * time on loading the same modules. Each command has arguments, environment and streams of its own.
 */
import { Readable } from "node:stream";
import { main } from "../../src/cli/main.ts";

export interface HostRequest {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly input: string;
}

type Write = typeof process.stdout.write;

/** What the stream is given from now on. */
function captured(stream: NodeJS.WriteStream): () => string {
  let text = "";
  const write = (chunk: string | Uint8Array, done?: unknown): boolean => {
    text += Buffer.from(chunk).toString();
    if (typeof done === "function") process.nextTick(done);
    return true;
  };
  stream.write = write as Write;
  return () => text;
}

async function runOne({ args, env, input }: HostRequest): Promise<void> {
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  const [stdout, stderr] = [captured(process.stdout), captured(process.stderr)];
  Object.defineProperty(process, "stdin", { value: Readable.from([Buffer.from(input)]), configurable: true });
  process.exitCode = undefined;
  const code = await main(args);
  process.exitCode = undefined;
  process.stdout.removeAllListeners("error");
  process.send?.({ code, stdout: stdout(), stderr: stderr() });
}

process.on("message", (request: HostRequest) => void runOne(request));
