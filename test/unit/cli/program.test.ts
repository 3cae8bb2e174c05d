import assert from "node:assert/strict";
import { test } from "node:test";
import type { Command } from "commander";
import { createProgram, helpOf } from "../../../src/cli/program.ts";

const columnsMax = 80;

function examplesOf(command: Command): readonly string[] {
  const [, examples = ""] = helpOf(command).split("\nExamples:\n");
  return examples
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** The commands of a shell line, as words; quotes are taken off, and what is redirected. */
function millraceCalls(line: string): readonly (readonly string[])[] {
  const calls = line.split(" | ").map((part) => part.replace(/ [<>] .*$/, "").match(/'[^']*'|"[^"]*"|\S+/g) ?? []);
  return calls
    .filter(([name]) => name === "millrace")
    .map((words) => words.slice(1).map((word) => word.replace(/^(['"])(.*)\1$/, "$2")));
}

test("the help of each command fits 80 columns, and says what each argument and option is", () => {
  const program = createProgram();
  for (const command of [program, ...program.commands]) {
    const long = helpOf(command)
      .split("\n")
      .filter((line) => line.length > columnsMax);
    assert.deepEqual(long, [], command.name());
    for (const { description, flags } of command.options) assert(description !== "", `${command.name()} ${flags}`);
    for (const argument of command.registeredArguments) {
      assert(argument.description !== "", `${command.name()} ${argument.name()}`);
    }
  }
});

test("the help of each command has examples that the command takes", () => {
  for (const { name } of createProgram().commands.map((command) => ({ name: command.name() }))) {
    if (name === "complete") continue;
    const examples = examplesOf(createProgram().commands.find((command) => command.name() === name) as Command);
    assert(examples.length > 0, `${name} has an example`);
    assert(
      examples.some((line) => millraceCalls(line).some(([called]) => called === name)),
      name,
    );
    for (const words of examples.flatMap(millraceCalls)) {
      const program = createProgram();
      const called = program.commands.find((command) => command.name() === words[0]);
      assert(called !== undefined, words.join(" "));
      // The parser alone: what the command would do is not done.
      called.action(() => undefined);
      program.parse([...words], { from: "user" });
    }
  }
});
