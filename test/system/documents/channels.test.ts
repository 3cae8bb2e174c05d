import assert from "node:assert/strict";
import { findChannelReaders } from "../../../scripts/get-channel-readers.ts";
import { SeaweedServer } from "../../support/seaweed-server.ts";
import { ServerProcess } from "../../support/start-server.ts";
import { until } from "../../support/until.ts";
import { newestBoto3, provideNewestAws } from "./newest-aws.ts";
import { testSnippets } from "./run-snippets.ts";
import { snippetsIn } from "./snippets.ts";
import { type Workplace, withPort } from "./workplace.ts";

const page = "docs/channels.md";

/** The snippets with the addresses of the test: the page has the default ports. */
function codeOf(name: string, seaweed: SeaweedServer): string {
  const code = snippetsIn(page).find((snippet) => snippet.name === `${page}: ${name}`)?.code ?? "";
  return code
    .replaceAll("http://127.0.0.1:8333", seaweed.endpoint)
    .replaceAll("http://127.0.0.1:8181", seaweed.catalog);
}

/** Delivery after a second. */
function soon(name: string, seaweed: SeaweedServer): string {
  return codeOf(name, seaweed).replace('"DataFreshnessInSeconds": 60', '"DataFreshnessInSeconds": 1');
}

/** A server with a file of places of the page, for a store with the bucket of the page. */
async function serve(place: Workplace, seaweed: SeaweedServer, places: string): Promise<ServerProcess> {
  await seaweed.makeBucket("lake");
  place.write("places.json", codeOf(places, seaweed));
  provideNewestAws(place, newestBoto3() ?? "");
  return await ServerProcess.start({ args: ["--engine", "memory", "--channels", place.path("places.json")] });
}

/** The way of the page: a file of places, a channel, a record, and the object that a program reads. */
async function deliver(place: Workplace): Promise<string> {
  await using seaweed = await SeaweedServer.start();
  await using server = await serve(place, seaweed, "Where buckets are 1");
  await place.run(withPort(soon("From a stream to a bucket 1", seaweed), server.port));
  await until(
    async () => (await seaweed.objects("lake")).length > 0,
    () => server.stderr,
  );
  place.write("read.py", codeOf("From a stream to a bucket 2", seaweed));
  return (await place.run(`'${newestBoto3()}' read.py`)).stdout;
}

/** The same for a table, whose snippets follow those of the bucket in one shell. */
async function deliverRows(place: Workplace): Promise<string> {
  await using seaweed = await SeaweedServer.start();
  await using server = await serve(place, seaweed, "From a stream to a table 1");
  const script = `${soon("From a stream to a bucket 1", seaweed)}\n${soon("From a stream to a table 2", seaweed)}`;
  await place.run(withPort(script, server.port));
  await until(
    async () => (await seaweed.rowCount("web", "clicks")) > 0,
    () => server.stderr,
  );
  place.write("read.py", codeOf("From a stream to a table 3", seaweed));
  const { python = "", env = {} } = findChannelReaders() ?? {};
  return (await place.run(`PYTHONPATH='${env["PYTHONPATH"]}' '${python}' read.py`)).stdout;
}

const rowsWay = {
  needs: ["queues", "seaweed", "pyiceberg"],
  async run(_snippet: unknown, place: Workplace) {
    assert.match(
      await deliverRows(place),
      /^\[\{'page': '\/', 'ms': 12, 'at': datetime.datetime\(2026, 11, 30, 17, 0, /,
    );
  },
} as const;

const wholeWay = {
  needs: ["queues", "seaweed"],
  async run(_snippet: unknown, place: Workplace) {
    assert.equal(await deliver(place), "/\n");
  },
} as const;

testSnippets("docs/channels.md", {
  "Where buckets are 1": {
    run({ code }) {
      assert.deepEqual(Object.keys(JSON.parse(code)), ["buckets"]);
    },
  },
  "From a stream to a bucket 1": {
    run({ code }) {
      assert(code.includes("create-channel"));
    },
  },
  "From a stream to a bucket 2": wholeWay,
  "From a stream to a table 1": {
    run({ code }) {
      assert.deepEqual(Object.keys(JSON.parse(code)), ["buckets", "tables", "schemas"]);
    },
  },
  "From a stream to a table 2": {
    run({ code }) {
      assert(code.includes("create-channel"));
    },
  },
  "From a stream to a table 3": rowsWay,
});
