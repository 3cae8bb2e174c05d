/**
 * The Java and Go of docs/interop.md and of the pages per language: compiled against the libraries, and the clients of the two SDKs used on a server.
 * `npm test` runs the page's other snippets, and reads these for their syntax only.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { snippetsIn } from "../test/system/documents/snippets.ts";
import { type Environment, go, java, type Library, maven } from "./library.ts";
import { buildJava, jarsOf } from "./maven.ts";
import { sourcesOf } from "./places.ts";
import { runProgram } from "./run-program.ts";

const page = "docs/interop.md";
// The first time, Maven and Go download the libraries.
const stepMsMax = 600_000;

const javaImports = `
import java.net.URI;
import software.amazon.awssdk.auth.credentials.*;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
`;
const kclImports = `
import software.amazon.awssdk.services.cloudwatch.CloudWatchAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.kinesis.common.*;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.metrics.NullMetricsFactory;
import software.amazon.kinesis.processor.ShardRecordProcessorFactory;
import software.amazon.kinesis.retrieval.polling.PollingConfig;
`;
const goImports = `
	"context"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
`;

export const documentSnippets: Library = {
  name: `snippets of ${page}`,
  tools: [java, maven, go],
  async prepare() {
    for (const library of ["aws-sdk-java", "kcl", "kpl"]) await buildJava(library);
  },
  async run(env: Environment) {
    const folder = mkdtempSync(join(tmpdir(), "millrace-document-"));
    try {
      await compileJava(
        "kcl",
        folder,
        `${javaImports}${kclImports}
        class Snippet {
          void run(String stream, String app, String workerId, CloudWatchAsyncClient cloudWatch,
              ShardRecordProcessorFactory factory) {
            ${codeOf("KCL 3 1")}
          }
        }`,
      );
      await compileJava(
        "kpl",
        folder,
        `import software.amazon.kinesis.producer.*;
        class Snippet {
          void run() {
            ${codeOf("KPL 1")}
          }
        }`,
      );
      return (await listStreams(folder, env)) + (await runClientPages(folder, env));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** With the clients that the page makes; resolves with what they printed. */
async function listStreams(folder: string, env: Environment): Promise<string> {
  const sdkForJava = `${javaImports}
    public class Snippet {
      public static void main(String[] args) {
        ${onServer(codeOf("AWS SDK for Java v2 1"), env)}
        System.out.println("Java: " + client.listStreams().join().streamNames().size() + " streams");
        System.exit(0);
      }
    }`;
  const sdkForGo = `package main
import (${goImports})
func main() {
${onServer(codeOf("AWS SDK for Go v2 1"), env)}
  output, err := client.ListStreams(context.Background(), &kinesis.ListStreamsInput{})
  if err != nil {
    panic(err)
  }
  fmt.Println("Go:", len(output.StreamNames), "streams")
}
`;
  const [javaFile, goFile] = [join(folder, "Snippet.java"), join(folder, "main.go")];
  writeFileSync(javaFile, sdkForJava);
  writeFileSync(goFile, sdkForGo);
  const quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn";
  const javaCommand = ["java", quiet, "-cp", jarsOf("aws-sdk-java").join(delimiter), javaFile] as const;
  const fromJava = await runProgram([...javaCommand], { cwd: folder, timeMsMax: stepMsMax });
  const fromGo = await runProgram(["go", "run", goFile], { cwd: sourcesOf("aws-sdk-go"), timeMsMax: stepMsMax });
  return fromJava + fromGo;
}

/** The whole programs of the pages per language. */
async function runClientPages(folder: string, env: Environment): Promise<string> {
  const [javaFile, goFile] = [join(folder, "Orders.java"), join(folder, "orders.go")];
  writeFileSync(javaFile, onServer(programOf("docs/clients/java.md"), env));
  // Both make a stream of this name.
  writeFileSync(goFile, onServer(programOf("docs/clients/go.md"), env).replace('"orders"', '"orders-of-go"'));
  const quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn";
  const javaCommand = ["java", quiet, "-cp", jarsOf("aws-sdk-java").join(delimiter), javaFile] as const;
  const fromJava = await runProgram([...javaCommand], { cwd: folder, timeMsMax: stepMsMax });
  const fromGo = await runProgram(["go", "run", goFile], { cwd: sourcesOf("aws-sdk-go"), timeMsMax: stepMsMax });
  for (const printed of [fromJava, fromGo]) {
    if (printed !== "alice hello alice\n") throw new Error(`a page per language printed ${printed}`);
  }
  return "pages per language: both";
}

function programOf(document: string): string {
  const [snippet] = snippetsIn(document);
  if (snippet === undefined) throw new Error(`${document} has no program`);
  return snippet.code;
}

async function compileJava(library: string, folder: string, source: string): Promise<void> {
  const file = join(folder, "Snippet.java");
  writeFileSync(file, source);
  const command = ["javac", "-proc:none", "-d", folder, "-cp", jarsOf(library).join(delimiter), file] as const;
  await runProgram([...command], { cwd: folder, timeMsMax: stepMsMax });
}

function codeOf(name: string): string {
  const snippet = snippetsIn(page).find((other) => other.name === `${page}: ${name}`);
  if (snippet === undefined) throw new Error(`${page} has no snippet ${name}`);
  return snippet.code;
}

/** The port and the credentials of this server in the place of the page's. */
function onServer(code: string, env: Environment): string {
  return code
    .replace("http://127.0.0.1:4567", env["MILLRACE_HTTP"] ?? "")
    .replace(/"(any|test)", "\1"/, `"${env["AWS_ACCESS_KEY_ID"]}", "${env["AWS_SECRET_ACCESS_KEY"]}"`);
}
