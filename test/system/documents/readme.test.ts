import assert from "node:assert/strict";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type AwsCli, awsClis } from "../../support/available-tools.ts";
import { hasNatsServer } from "../../support/nats-servers.ts";
import { ServerProcess } from "../../support/start-server.ts";
import { provideAws } from "./provide-aws.ts";
import { testSnippets } from "./run-snippets.ts";
import { root, snippetsIn } from "./snippets.ts";
import { Workplace, withPort } from "./workplace.ts";

/** Whatever the version, the record is read back as it was put. */
async function runCliTour(code: string, place: Workplace, cli: AwsCli | undefined): Promise<void> {
  await using server = await ServerProcess.start({ args: ["--engine", "memory"] });
  provideAws(place, cli);
  const { stdout } = await place.run(withPort(code, server.port), { env: { AWS_DEFAULT_OUTPUT: "json" } });
  const page = JSON.parse(stdout.slice(stdout.lastIndexOf('{\n    "Records"')));
  const [record] = page.Records;
  assert.equal(record.PartitionKey, "alice");
  assert.equal(Buffer.from(record.Data, "base64").toString(), "first order");
}

testSnippets("README.md", {
  "Millrace 1": {
    async run({ code }, place) {
      const [clone = "", start = "", suite = ""] = code.split("\n");
      assert.equal(clone, "git clone <this repository> millrace && cd millrace");
      const folder = place.clone();
      const served = await place.serve(start, { folder, env: { MILLRACE_PORT: "0" } });
      assert.equal((await fetch(`${served.endpoint}/health`)).status, 200);
      await place.run("test -f millrace-data/format", { folder });
      await served.stop();
      // The whole suite is what runs this test; a part of it shows that the command works in a clone.
      const [command = ""] = suite.split("#");
      const { stdout } = await place.run(`${command.trim()} -- test/unit/collections`, { folder });
      assert.match(stdout, /pass [1-9]/);
      assert.match(stdout, /fail 0/);
    },
  },

  "One minute with the AWS CLI 1": {
    needs: ["aws"],
    run: ({ code }, place) => runCliTour(code, place, awsClis()[0]),
  },

  "One minute with the AWS SDK for JavaScript 1": {
    async run({ code }, place) {
      await using server = await ServerProcess.start({ args: ["--engine", "memory"] });
      symlinkSync(join(root, "node_modules"), place.path("node_modules"));
      place.write("tour.mjs", withPort(code, server.port));
      // Twice, as a reader does who changes something in it.
      for (let run = 1; run <= 2; run++) {
        const { stdout } = await place.run("node tour.mjs");
        const lines = stdout.trim().split("\n").sort();
        assert.equal(lines.length, 3, stdout);
        for (const name of ["alice", "bob", "carol"]) {
          assert(
            lines.some((line) => new RegExp(`^shardId-00000000000[01] hello ${name}$`).test(line)),
            stdout,
          );
        }
      }
    },
  },

  "A cluster on this machine 1": {
    async run({ code }, place, t) {
      if (!hasNatsServer(t)) return;
      const folder = place.clone();
      const own = `millrace() { node_modules/.bin/node dist/cli/cli.js "$@"; }\n`;
      assert(code.includes(own), "the place has a command of that name");
      // Built already, as on a machine where this ran before.
      mkdirSync(join(folder, ".cache"));
      symlinkSync(join(root, ".cache/nats-server"), join(folder, ".cache/nats-server"));
      // The ports of the snippet belong to others on this machine.
      // Below those that clients get.
      const base = 200 + (process.pid % 120);
      const onOwnPorts = (text: string): string =>
        text
          .replaceAll(/\b1([468])22(?=[123${])/g, (_, kind: string) => `${base}${kind}`)
          .replaceAll("456", `${base}5`);
      const config = join(folder, "deploy/cluster/loopback.conf");
      writeFileSync(config, onOwnPorts(readFileSync(config, "utf8")));
      const ending = "trap 'kill $(jobs -p); wait' EXIT; trap 'exit 1' TERM\n";
      const { stdout } = await place.run(
        ending + onOwnPorts(code.replace(own, "").replaceAll("node_modules/.bin/node dist/cli/cli.js", "millrace")),
        { folder },
      );
      assert.match(stdout, /first order/);
      assert.match(stdout, /^ok +replicas: all are current/m);
      assert.match(stdout, /^ok +gateways: 2 run$/m);
      assert.doesNotMatch(stdout, /^(warn|fail)/m);
    },
  },

  "In your own tests 1": {
    async run({ code }, place) {
      const folder = place.clone();
      const project = place.path("project");
      mkdirSync(project);
      await place.run("npm init --yes", { folder: project });
      const [pack = "", install = ""] = code.split("\n");
      await place.run(pack, { folder });
      await place.run(install, { folder: project });
      const { stdout } = await place.run("npx millrace --version", { folder: project });
      assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
    },
  },

  "In your own tests 2": {
    async run({ code }, place) {
      place.linkMillrace();
      const effect = `${code.replace("await millrace.close();", "")}
        const { status } = await fetch(\`\${millrace.endpoint}/health\`);
        await millrace.close();
        console.log(status, await fetch(millrace.endpoint).then(() => "open", () => "closed"));`;
      place.write("program.mjs", effect);
      assert.equal((await place.run("node program.mjs")).stdout, "200 closed\n");
    },
  },
});

for (const cli of awsClis().slice(1)) {
  test(`README.md: One minute with the AWS CLI, version ${cli.majorVersion}`, async () => {
    const tour = snippetsIn("README.md").find(({ name }) => name === "README.md: One minute with the AWS CLI 1");
    assert(tour !== undefined);
    await using place = new Workplace();
    await runCliTour(tour.code, place, cli);
  });
}
