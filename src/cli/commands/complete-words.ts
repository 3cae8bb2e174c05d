import type { Command, Option } from "commander";

export interface Completions {
  /** Values with what they mean. */
  readonly candidates: readonly (readonly [value: string, text: string])[];
  /** What else fits: files, or the names of streams. */
  readonly kind?: "files" | "streams";
}

const fileNames = /^(file|path|dir|directory|target|backup)$/i;
const nothing: Completions = { candidates: [] };

/** What may stand in place of the last word; the words follow the name of the program, or of a command with subcommands. */
export function completionsFor(program: Command, words: readonly string[]): Completions {
  const [name = "", ...rest] = words.length > 1 ? words : ["", ...words];
  const commands = visibleCommands(program);
  const command = commands.find((each) => each.name() === name);
  const current = rest.at(-1) ?? "";
  const isFirst = words.length <= 1;
  if (isFirst || name === "help" || command === undefined) {
    if (!isFirst && name !== "help") return nothing;
    if (current.startsWith("-")) return optionsOf(program);
    return { candidates: commands.map((each) => [each.name(), each.summary()] as const) };
  }
  if (command.commands.length > 0) return completionsFor(command, rest);
  const { awaiting, positionals } = readWords(command, rest.slice(0, -1));
  if (awaiting !== undefined) return valuesOf(awaiting);
  if (current.startsWith("-")) return optionsOf(command);
  return argumentAt(command, positionals);
}

function argumentAt(command: Command, positionals: number): Completions {
  const { registeredArguments } = command;
  const argument = registeredArguments[Math.min(positionals, registeredArguments.length - 1)];
  if (argument === undefined || (positionals >= registeredArguments.length && !argument.variadic)) return nothing;
  if (argument.argChoices !== undefined)
    return { candidates: argument.argChoices.map((choice) => [choice, ""] as const) };
  return kindOf(argument.name());
}

function visibleCommands(program: Command): readonly Command[] {
  return program.createHelp().visibleCommands(program) as readonly Command[];
}

interface ReadWords {
  /** The option whose value comes next. */
  readonly awaiting: Option | undefined;
  /** How many arguments have been given. */
  readonly positionals: number;
}

function readWords(command: Command, words: readonly string[]): ReadWords {
  let awaiting: Option | undefined;
  let positionals = 0;
  for (const word of words) {
    if (awaiting !== undefined) awaiting = undefined;
    else if (word.startsWith("-")) {
      const option = command.options.find(({ long, short }) => word === long || word === short);
      awaiting = option?.required === true ? option : undefined;
    } else positionals++;
  }
  return { awaiting, positionals };
}

function valuesOf({ argChoices, flags }: Option): Completions {
  if (argChoices !== undefined) return { candidates: argChoices.map((choice) => [choice, ""] as const) };
  return kindOf(/<(.+)>/.exec(flags)?.[1] ?? "");
}

function kindOf(name: string): Completions {
  if (fileNames.test(name)) return { candidates: [], kind: "files" };
  return name === "stream" ? { candidates: [], kind: "streams" } : nothing;
}

function optionsOf(command: Command): Completions {
  const options = command.createHelp().visibleOptions(command);
  return { candidates: options.map(({ long, short, description }) => [long ?? short ?? "", description] as const) };
}
