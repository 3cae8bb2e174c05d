import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { access, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

/**
 * A Python that notes what pip is asked for and installs stand-ins. It imports boto as Python 3.12 does: only with a six that
 * is not the one that boto carries, and without `imp`.
 */
const python = `#!/bin/sh
site="$(dirname "$0")/../site"
case "$*" in
  *version_info*) echo 3 12 ;;
  "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python3" ;;
  *"pip install"*)
    echo "$*" >> "$PIP_LOG"
    mkdir -p "$site/boto/vendored"
    echo new > "$site/six.py"
    echo old > "$site/boto/vendored/six.py"
    printf 'import os\\nimport imp\\n' > "$site/boto/plugin.py" ;;
  *purelib*) echo "$site" ;;
  *boto.kinesis*) grep -q new "$site/boto/vendored/six.py" && ! grep -q 'import imp' "$site/boto/plugin.py" ;;
esac
`;

async function makeProject(t: TestContext) {
  const root = await mkdtemp(join(tmpdir(), "millrace-client-tools-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  await mkdir(join(root, "scripts"));
  await mkdir(join(root, "bin"));
  for (const name of ["get-client-tools.mjs", "lock.mjs"]) {
    await copyFile(join(import.meta.dirname, "../../../scripts", name), join(root, "scripts", name));
  }
  const pipLog = join(root, "pip.log");
  return {
    root,
    havePython: () => writeFile(join(root, "bin/python3"), python, { mode: 0o755 }),
    get: (path = `${join(root, "bin")}:/usr/bin:/bin`) =>
      new Promise<{ readonly exitCode: number; readonly said: string }>((resolve) => {
        const options = { cwd: root, env: { PATH: path, PIP_LOG: pipLog } };
        execFile(process.execPath, ["scripts/get-client-tools.mjs"], options, (error, _, stderr) => {
          resolve({ exitCode: error === null ? 0 : Number(error.code), said: stderr });
        });
      }),
    installations: async () => (await readFile(pipLog, "utf8")).trim().split("\n"),
  };
}

test("the client tools are installed once, by runs at the same time or later", async (t) => {
  const project = await makeProject(t);
  await project.havePython();
  const together = await Promise.all([project.get(), project.get()]);
  const later = await project.get();
  assert.deepEqual(
    [...together, later].map(({ exitCode }) => exitCode),
    [0, 0, 0],
    together.map(({ said }) => said).join("\n"),
  );
  assert.equal(later.said, "");
  const installations = await project.installations();
  assert.equal(installations.length, 1);
  assert.match(installations[0] ?? "", / boto six boto3 awscli moto flask flask-cors$/);
  await assert.rejects(access(join(project.root, ".cache/client-tools.lock")));
});

test("an installation of the client tools that was cut short is none", async (t) => {
  const project = await makeProject(t);
  await project.havePython();
  await project.get();
  await rm(join(project.root, ".cache/client-tools/installed-by"));
  assert.equal((await project.get()).exitCode, 0);
  assert.equal((await project.installations()).length, 2);
});

test("boto 2 gets the newest six, and loses imp, where Python does not import it otherwise", async (t) => {
  const project = await makeProject(t);
  await project.havePython();
  const { said } = await project.get();
  assert.doesNotMatch(said, /too new for boto 2/);
  const boto = join(project.root, ".cache/client-tools/site/boto");
  assert.equal(await readFile(join(boto, "vendored/six.py"), "utf8"), "new\n");
  assert.equal(await readFile(join(boto, "plugin.py"), "utf8"), "import os\n\n");
});

test("without a Python, the script that gets the client tools says so and fails", async (t) => {
  const project = await makeProject(t);
  const { exitCode, said } = await project.get(join(project.root, "bin"));
  assert.deepEqual([exitCode, said], [1, "get-client-tools: no Python 3 is in PATH; please install one\n"]);
});
