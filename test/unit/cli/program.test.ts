import assert from "node:assert/strict";
import { test } from "node:test";
import type { Command } from "commander";
import { allCommands, createProgram, helpOf } from "../../../src/cli/program.ts";

const columnsMax = 80;

/** `queue create` of the command `millrace queue create`. */
function pathOf(command: Command): readonly string[] {
  return command.parent === null ? [] : [...pathOf(command.parent), command.name()];
}

function findCommand(program: Command, words: readonly string[]): Command {
  const next = program.commands.find((command) => command.name() === words[0]);
  return next === undefined ? program : findCommand(next, words.slice(1));
}

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
  for (const command of allCommands(createProgram())) {
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
  const [, ...commands] = allCommands(createProgram());
  for (const command of commands.filter((each) => each.name() !== "complete")) {
    const path = pathOf(command);
    const calls = examplesOf(command).flatMap(millraceCalls);
    assert(
      calls.some((words) => path.every((word, index) => words[index] === word)),
      `${path.join(" ")} has an example`,
    );
    for (const words of calls) {
      const program = createProgram();
      const called = findCommand(program, words);
      assert(called !== program, words.join(" "));
      // The parser alone: what the command would do is not done.
      called.action(() => undefined);
      program.parse([...words], { from: "user" });
    }
  }
});
