import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, utimesSync } from "node:fs";
import { PutRecordCommand } from "@aws-sdk/client-kinesis";
import { testSnippets } from "./run-snippets.ts";
import { clientOf } from "./snippet-client.ts";
import type { Ran, Served, Workplace } from "./workplace.ts";

/** The folders that the document names, in the test's place. */
function inPlace(code: string, place: Workplace): string {
  return code.replaceAll(/(?<= |=)\/(?=backups|var\/lib|tmp\/drill)/g, `${place.folder}/`);
}

function readingOf({ endpoint }: Served): string {
  return `
    const call = (target, body) => fetch("${endpoint}", {
      method: "POST",
      headers: { "x-amz-target": "Kinesis_20131202." + target, "content-type": "application/x-amz-json-1.1" },
      body: JSON.stringify(body),
    }).then((response) => response.json());
    const StreamName = "orders", ShardId = "shardId-000000000000", ShardIteratorType = "TRIM_HORIZON";
    const { ShardIterator } = await call("GetShardIterator", { StreamName, ShardId, ShardIteratorType });
    const { Records } = await call("GetRecords", { ShardIterator });
    console.log(Records.map(({ Data }) => Buffer.from(Data, "base64").toString()).join());`;
}

/** A server on the document's data directory that has one acknowledged record. */
async function serveWithRecord(place: Workplace): Promise<Served> {
  mkdirSync(place.path("backups"), { recursive: true });
  mkdirSync(place.path("var/lib"), { recursive: true });
  const dataDir = place.path("var/lib/millrace");
  const served = await place.serve(
    `millrace serve --port 0 --data-dir '${dataDir}' --stream orders:1 --allow-anonymous`,
  );
  const kinesis = clientOf(served.endpoint);
  await kinesis.send(new PutRecordCommand({ StreamName: "orders", PartitionKey: "a", Data: Buffer.from("kept") }));
  kinesis.destroy();
  return served;
}

async function recordsIn(dataDir: string, place: Workplace): Promise<string> {
  const served = await place.serve(`millrace serve --port 0 --data-dir '${dataDir}' --allow-anonymous`);
  const { stdout } = await runModule(place, readingOf(served));
  await served.stop();
  return stdout.trim();
}

function runModule(place: Workplace, code: string): Promise<Ran> {
  place.write("read.mjs", code);
  return place.run("node read.mjs");
}

testSnippets("docs/backups.md", {
  "Backups 1": {
    async run({ code }, place) {
      const served = await serveWithRecord(place);
      const [backup = "", restore = ""] = inPlace(code, place).split("\n");
      assert.match((await place.run(backup)).stdout, /^backed up/m);
      await served.stop();
      renameSync(place.path("var/lib/millrace"), place.path("lost"));
      assert.match((await place.run(restore)).stdout, /^restored/m);
      assert.equal(await recordsIn(place.path("var/lib/millrace"), place), "kept");
    },
  },

  "What it costs 1": {
    async run({ code }, place) {
      const served = await serveWithRecord(place);
      // The other machine: its rsync is a copy on this one.
      place.provideCommand(
        "rsync",
        `[ "$1 $2" = "-a --delete" ] && [ "$4" = backup-host:/backups/millrace/ ] && cp -a "$3" '${place.path("copied")}'`,
      );
      const old = place.path("backups/old");
      mkdirSync(old);
      const weeksAgo = Date.now() / 1000 - 14 * 24 * 3600;
      utimesSync(old, weeksAgo, weeksAgo);
      place.write("hourly", inPlace(code, place));
      await place.run("sh -e hourly");
      await served.stop();
      const backups = readdirSync(place.path("backups"));
      assert.equal(backups.length, 1, "the old backup is gone, the new one there");
      assert.match(backups[0] ?? "", /^\d{4}-\d\d-\d\dT\d\d$/);
      assert.equal(await recordsIn(place.path("copied"), place), "kept");
    },
  },

  "The drill 1": {
    async run({ code }, place) {
      const served = await serveWithRecord(place);
      await place.run(`millrace backup '${place.path("made")}' --data-dir '${place.path("var/lib/millrace")}'`);
      await served.stop();
      cpSync(place.path("made"), place.path("backups/millrace"), { recursive: true });
      mkdirSync(place.path("tmp"));
      const [restore = "", serve = ""] = inPlace(code, place).replace("4600", "0").split("\n");
      assert.match((await place.run(restore)).stdout, /^restored/m);
      assert(existsSync(place.path("tmp/drill/format")));
      const drill = await place.serve(serve.replace("#", "--allow-anonymous #"));
      assert.equal((await runModule(place, readingOf(drill))).stdout, "kept\n");
    },
  },
});
