/** Writes docs/cli/: a page for each command, which is its help, and README.md, which is that of `millrace` itself. */
import { globSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { allCommands, createProgram, helpOf } from "../src/cli/program.ts";

const folder = join(import.meta.dirname, "../docs/cli");

const indented = (text: string): string =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => (line === "" ? "" : `    ${line}`))
    .join("\n");

mkdirSync(folder, { recursive: true });
for (const page of globSync("*.md", { cwd: folder })) rmSync(join(folder, page));

const program = createProgram();
const commands = program.commands.filter((command) => command.name() !== "complete");
for (const command of commands) {
  const summary = command.summary();
  const [, ...subcommands] = allCommands(command);
  const sections = subcommands.map(
    (each) => `\n## millrace ${command.name()} ${each.name()}\n\n${indented(helpOf(each))}\n`,
  );
  const text = `# millrace ${command.name()}

${summary.slice(0, 1).toUpperCase()}${summary.slice(1)}. This page is \`millrace ${command.name()} --help\`; [all commands](README.md).

${indented(helpOf(command))}
${sections.join("")}`;
  writeFileSync(join(folder, `${command.name()}.md`), text);
}
const links = commands.map((command) => `- [millrace ${command.name()}](${command.name()}.md): ${command.summary()}`);
writeFileSync(
  join(folder, "README.md"),
  `# The commands

Each command has a page, which is its help. Data goes to standard output, everything else to standard error.

${links.join("\n")}

## millrace --help

${indented(helpOf(program))}
`,
);
