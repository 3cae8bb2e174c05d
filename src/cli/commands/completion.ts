import { Argument, Command } from "commander";
import type { Environment } from "../../config/config-sources.ts";
import { connect } from "../client/connection.ts";
import { exitCodes } from "../output/command-error.ts";
import { writeOut } from "../output/stdout.ts";
import { completionsFor } from "./complete-words.ts";
import { completionScripts, type Shell } from "./completion-scripts.ts";
import { defineCommand, run } from "./define-command.ts";

/** How long a shell waits for the names of streams. */
const namesMsMax = 1_500;
const namesMax = 100;

export function completionCommand(): Command {
  const command = defineCommand({
    name: "completion",
    summary: "print the completion of a shell",
    description: "Prints a script that completes commands, options, files and names of streams in bash, zsh or fish.",
    examples: [
      'eval "$(millrace completion bash)"     # in ~/.bashrc',
      'eval "$(millrace completion zsh)"      # in ~/.zshrc, after compinit',
      "millrace completion fish | source      # in ~/.config/fish/config.fish",
    ],
  }).addArgument(new Argument("<shell>", "the shell").choices(Object.keys(completionScripts)));
  return run(command, async ([shell]) => {
    await writeOut(completionScripts[shell as Shell]);
    return exitCodes.done;
  });
}

/** What the scripts call: a candidate a line, with a tab and what it means; `:files` for names of files. */
export function completeCommand(): Command {
  const command = new Command("complete").argument("[words...]", "the words after millrace, the last one unfinished");
  return run(command, async (words) => {
    const program = command.parent;
    if (program === null) return exitCodes.done;
    const { candidates, kind } = completionsFor(program, words);
    const current = words.at(-1) ?? "";
    const names = kind === "streams" ? await streamNames(words) : [];
    const all = [...candidates, ...names.map((name) => [name, "stream"] as const)];
    const lines = all.filter(([value]) => value.startsWith(current)).map(([value, text]) => `${value}\t${text}\n`);
    await writeOut(lines.join("") + (kind === "files" ? ":files\n" : ""));
    return exitCodes.done;
  });
}

/** Those of the server that the words lead to; none, if it does not answer soon. */
async function streamNames(words: readonly string[]): Promise<readonly string[]> {
  const environment: Environment = { ...process.env };
  const wordAfter = (...names: readonly string[]): string | undefined => {
    const at = words.findIndex((word) => names.includes(word));
    return at < 0 ? undefined : words[at + 1];
  };
  const [endpoint, region, profile] = [wordAfter("-e", "--endpoint"), wordAfter("--region"), wordAfter("--profile")];
  const options = { ...defined({ endpoint, region, profile }), verifyTls: !words.includes("--no-verify-tls") };
  try {
    const { kinesis } = await connect(options, environment);
    const abortSignal = AbortSignal.timeout(namesMsMax);
    const { StreamNames = [] } = await kinesis.listStreams({ Limit: namesMax }, { abortSignal });
    kinesis.destroy();
    return StreamNames;
  } catch {
    // Pressing the key must not print an error into the line.
    return [];
  }
}

function defined(values: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Record<string, string>;
}
