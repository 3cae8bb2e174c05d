/** DynamoDB Local in memory on a free port, where the KCL keeps its leases. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildJava, jarsOf, javaCommand } from "./maven.ts";

const nativeLibraryOf: Readonly<Record<string, string>> = {
  "linux-x64": "libsqlite4java-linux-amd64",
  "darwin-x64": "libsqlite4java-osx",
};
const readyMsMax = 60_000;
const pollMs = 200;

export function buildDynamoDbLocal(): Promise<void> {
  return buildJava("dynamodb-local");
}

export class DynamoDbLocal implements AsyncDisposable {
  readonly endpoint: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.endpoint = `http://127.0.0.1:${port}`;
  }

  static async start(): Promise<DynamoDbLocal> {
    const port = await freePort();
    const [file, ...args] = javaCommand(
      "dynamodb-local",
      "com.amazonaws.services.dynamodbv2.local.main.ServerRunner",
      `-Dsqlite4java.library.path=${nativeLibraries()}`,
    );
    const options = ["-inMemory", "-disableTelemetry", "-port", String(port)];
    const child = spawn(file, [...args, ...options], { stdio: "ignore" });
    const kill = (): void => void child.kill("SIGKILL");
    process.once("exit", kill);
    child.once("exit", () => process.off("exit", kill));
    const dynamoDb = new DynamoDbLocal(child, port);
    const giveUpMs = performance.now() + readyMsMax;
    while (!(await isListening(port))) {
      if (child.exitCode !== null || performance.now() > giveUpMs) {
        await dynamoDb[Symbol.asyncDispose]();
        throw new Error("DynamoDB Local did not start");
      }
      await sleep(pollMs);
    }
    return dynamoDb;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }
}

/** Maven's classpath names the shared libraries beside the jars. */
function nativeLibraries(): string {
  const name = nativeLibraryOf[`${process.platform}-${process.arch}`];
  const library = jarsOf("dynamodb-local").find((file) => name !== undefined && file.includes(`/${name}-`));
  if (library === undefined) throw new Error("DynamoDB Local has no native library for this machine");
  return dirname(library);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect({ port, host: "127.0.0.1" });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
