import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { type Millrace, startMillrace } from "../../../src/app/in-process-server.ts";
import { hasShell } from "../../support/available-shells.ts";
import { reportMissing } from "../../support/available-tools.ts";
import { cliEnvironment, cliPath } from "../../support/run-cli.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-completion-"));
let millrace: Millrace;

before(async () => {
  millrace = await startMillrace({ stream: ["orders:1", "outbox:1"] });
  const command = join(folder, "millrace");
  writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${cliPath}' "$@"\n`);
  chmodSync(command, 0o755);
  writeFileSync(join(folder, "only-file.ndjson"), "");
});
after(async () => {
  await millrace.close();
  rmSync(folder, { recursive: true });
});

/** What a shell prints that runs the script in the folder, with `millrace` on its path. */
async function run(shell: string, options: readonly string[], script: string): Promise<readonly string[]> {
  const PATH = `${folder}${delimiter}${process.env["PATH"] ?? ""}`;
  const env = cliEnvironment({ endpoint: millrace.endpoint, env: { PATH, HOME: folder, TERM: "dumb" } });
  const { stdout } = await promisify(execFile)(shell, [...options, "-c", script], { cwd: folder, env });
  return stdout.split(/\r?\n/).filter((line) => line !== "");
}

test("bash completes commands, options, values, files and streams", async (t) => {
  if (!hasShell("bash")) return reportMissing(t, "bash");
  const complete = (line: string, word: string) =>
    `COMP_WORDS=(${line} ${word || "''"}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _millrace; echo "\${COMPREPLY[@]}"`;
  const cases = [
    ["millrace", "ta"],
    ["millrace tail", "o"],
    ["millrace tail orders", "--fo"],
    ["millrace ls --format", "n"],
    ["millrace import orders", "only"],
  ].map(([line = "", word = ""]) => complete(line, word));
  const lines = await run("bash", ["--norc"], `eval "$(millrace completion bash)"; ${cases.join("; ")}`);
  assert.deepEqual(lines, ["tail", "orders outbox", "--format", "ndjson", "only-file.ndjson"]);
});

test("fish completes commands, options, values, files and streams, with what they mean", async (t) => {
  if (!hasShell("fish")) return reportMissing(t, "fish");
  const cases = [
    "millrace ta",
    "millrace tail o",
    "millrace ls --js",
    "millrace ls --format n",
    "millrace import orders only",
  ];
  const script = cases.map((line) => `complete -C '${line}'`).join("; ");
  const lines = await run("fish", ["--no-config"], `millrace completion fish | source; ${script}`);
  const values = lines.map((line) => line.split("\t")[0]);
  assert.deepEqual(values, ["tail", "orders", "outbox", "--json", "ndjson", "only-file.ndjson"]);
  assert.match(lines[0] ?? "", /\tprint the records of all shards/);
});

test("zsh completes commands, options, values, files and streams at the key press", async (t) => {
  if (!hasShell("zsh")) return reportMissing(t, "zsh");
  const lines = [
    "millrace tai",
    "millrace tail ord",
    "millrace ls --js",
    "millrace ls --format nd",
    "millrace import orders only",
  ];
  // A second zsh in a terminal of its own, where the key is pressed. Its line is printed by a widget, not run.
  const press = lines.map((line) => `type ${JSON.stringify(line)}`).join("\n");
  const script = `
zmodload zsh/zpty
zpty shell "TERM=dumb PS1= zsh -f -i"
send() { zpty -w shell "$1" }
send 'unsetopt zle_bracketed_paste prompt_cr prompt_sp; autoload -U compinit; compinit -u -D'
send 'eval "$(millrace completion zsh)"'
send 'show() { print -r -- "<$BUFFER>"; BUFFER=; zle accept-line }; zle -N show; bindkey "^T" show'
send 'print -r ready""now'
until [[ "$chunk" == *readynow* ]]; do zpty -r shell chunk; done
type() {
  local chunk= all=
  zpty -w -n shell "$1"$'\\t\\x14'
  until [[ "$all" == *"<millrace"*">"* ]]; do zpty -r shell chunk; all+="$chunk"; done
  print -r -- "\${\${all##*<}%%>*}"
}
${press}
zpty -d shell
`;
  const completed = (await run("zsh", ["-f"], script)).map((line) => line.trimEnd());
  assert.deepEqual(completed, [
    ...["millrace tail", "millrace tail orders", "millrace ls --json", "millrace ls --format ndjson"],
    "millrace import orders only-file.ndjson",
  ]);
});
