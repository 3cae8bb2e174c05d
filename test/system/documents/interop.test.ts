import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { newestPython } from "../../support/available-tools.ts";
import { ServerProcess } from "../../support/start-server.ts";
import { parseGo, parseJava } from "./parse-programs.ts";
import { type Check, isPresent, testSnippets } from "./run-snippets.ts";
import { root } from "./snippets.ts";
import { Workplace, withPort } from "./workplace.ts";

/** The snippets are parts of a method. Syntax only: `npm run interop` compiles them against the libraries. */
const javaSyntax: Check = {
  needs: ["java"],
  async run({ code }, place) {
    await parseJavaPart(place, code);
  },
};

/** A part of a method. */
function parseJavaPart(place: Workplace, code: string): Promise<void> {
  return parseJava(place, `class Snippet {\n  void run() throws Exception {\n${code}\n  }\n}\n`);
}

function parseGoPart(place: Workplace, code: string): Promise<void> {
  return parseGo(place, `package main\n\nfunc main() {\n${code}\n}\n`);
}

const healthOverTls = `
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class Program {
  public static void main(String[] args) throws Exception {
    var request = HttpRequest.newBuilder(URI.create("https://localhost:4567/health")).build();
    System.out.println(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).statusCode());
  }
}
`;

/** The output of a Python program that has boto3. */
async function runPython(place: Workplace, program: string): Promise<string> {
  const found = newestPython("boto3");
  assert(found !== undefined);
  place.write("program.py", program);
  return (await place.run(`'${found.python}' program.py`)).stdout;
}

testSnippets("docs/interop.md", {
  "AWS SDK for Java v2 1": javaSyntax,

  "AWS SDK for Java v2 2": {
    needs: ["java", "curl"],
    async run({ code }, place) {
      await using server = await ServerProcess.start({ dataDir: place.path("millrace-data") });
      await place.run(`curl -sk https://localhost:${server.port}/health`);
      place.write("Program.java", withPort(healthOverTls, server.port));
      assert.equal((await place.run(code)).stdout, "200\n");
    },
  },

  "KCL 3 1": javaSyntax,
  "KPL 1": javaSyntax,

  "AWS SDK for Go v2 1": {
    needs: ["go"],
    async run({ code }, place) {
      await parseGoPart(place, code);
    },
  },

  "boto3 1": {
    needs: ["boto3"],
    async run({ code }, place) {
      await using server = await ServerProcess.start({ args: ["--engine", "memory"] });
      assert.equal(await runPython(place, withPort(code, server.port)), "alice hello\n");
    },
  },

  "AWS SDK for JavaScript v3 1": {
    async run({ code }, place) {
      await using server = await ServerProcess.start({ args: ["--engine", "memory"] });
      symlinkSync(join(root, "node_modules"), place.path("node_modules"));
      place.write("push.mjs", withPort(code, server.port));
      assert.match((await place.run("node push.mjs")).stdout, /^alice hello\ncontinue after \d{56}\n$/);
    },
  },

  "Retries of PutRecords 1": {
    needs: ["boto3"],
    async run({ code }, place) {
      place.write("limits.json", '{ "shardWriteRecordsPerSecond": 400 }');
      await using server = await ServerProcess.start({
        args: ["--engine", "memory", "--limits", place.path("limits.json"), "--stream", "orders:1"],
      });
      const calls = `
import boto3
client = boto3.client("kinesis", endpoint_url="${server.endpoint}", region_name="us-east-1",
                      aws_access_key_id="any", aws_secret_access_key="any")
put_all(client, "orders", [{"PartitionKey": "a", "Data": str(number).encode()} for number in range(1200)])
iterator = client.get_shard_iterator(StreamName="orders", ShardId="shardId-000000000000",
                                     ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
print(len({record["Data"] for record in client.get_records(ShardIterator=iterator)["Records"]}))
try:
    put_all(client, "orders", [{"PartitionKey": "a", "Data": b"a"}] * 2000, seconds=0)
except TimeoutError as error:
    print(error)
`;
      assert.match(await runPython(place, code + calls), /^1200\n\d+ records are not stored\n$/);
    },
  },
});

test("a snippet of Java or Go whose syntax is wrong is found", async () => {
  await using place = new Workplace();
  if (isPresent.go()) await assert.rejects(parseGoPart(place, "client :== 1"), /expected/);
  if (isPresent.java()) await assert.rejects(parseJavaPart(place, "client..builder();"), /error:/);
});
