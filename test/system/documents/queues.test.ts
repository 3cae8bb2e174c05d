import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { activeOnDemandArn, call } from "../../support/kinesis-call.ts";
import { ServerProcess } from "../../support/start-server.ts";
import { until } from "../../support/until.ts";
import { newestBoto3, provideNewestAws } from "./newest-aws.ts";
import { testSnippets } from "./run-snippets.ts";
import { withPort } from "./workplace.ts";

interface Described {
  readonly QueueDescription: { readonly QueueARN: string; readonly QueueStatus: string };
}

interface Received {
  readonly QueueRecords: readonly { readonly Data: string; readonly ReceiveCount: number }[];
}

interface QueueOptions {
  readonly maxReceiveCount: number;
  readonly visibilitySeconds: number;
}

/** An ACTIVE queue on a new stream `orders`; returns its ARN. */
async function makeQueue(endpoint: string, { maxReceiveCount, visibilitySeconds }: QueueOptions): Promise<string> {
  const StreamARN = await activeOnDemandArn(endpoint, "orders");
  const { QueueDescription } = await call<Described>(endpoint, "CreateQueue", {
    QueueName: "order-work",
    StreamConfigurationList: [{ StreamARN, StartingPosition: { Type: "TRIM_HORIZON" } }],
    QueueAttributes: {
      VisibilityTimeoutSeconds: visibilitySeconds,
      DeadLetterConfiguration: { TargetType: "BUILT_IN", MaxReceiveCount: maxReceiveCount },
    },
  });
  const { QueueARN } = QueueDescription;
  await until(async () => {
    const described = await call<Described>(endpoint, "DescribeQueue", { QueueARN });
    return described.QueueDescription.QueueStatus === "ACTIVE";
  });
  return QueueARN;
}

async function put(endpoint: string, texts: readonly string[]): Promise<void> {
  const Records = texts.map((text, i) => ({ Data: Buffer.from(text).toString("base64"), PartitionKey: String(i) }));
  const input = { StreamName: "orders", Records };
  const { FailedRecordCount } = await call<{ readonly FailedRecordCount: number }>(endpoint, "PutRecords", input);
  assert.equal(FailedRecordCount, 0);
}

function textsIn({ QueueRecords }: Received): readonly (readonly [string, number])[] {
  return QueueRecords.map(({ Data, ReceiveCount }) => [Buffer.from(Data, "base64").toString(), ReceiveCount]);
}

/** A program that prints a line for each thing it does. */
class Program implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  #rest = "";

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (this.#rest + text).split("\n");
      this.#rest = lines.pop() ?? "";
      this.lines.push(...lines);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }
}

testSnippets("docs/queues.md", {
  "From a stream to a queue 1": {
    needs: ["queues"],
    async run({ code }, place) {
      await using server = await ServerProcess.start({ args: ["--engine", "memory"] });
      provideNewestAws(place, newestBoto3() ?? "");
      const { stdout } = await place.run(withPort(code, server.port));
      assert.match(stdout, /"Failed": \[\]/);
      const [, handle] = /"ReceiptHandle": "([^"]+)"/.exec(stdout) ?? [];
      assert(handle !== undefined && handle !== "None", stdout);
      assert.match(stdout, /^export QUEUE=arn:aws:kinesis:us-east-1:000000000000:queue\/[a-z0-9]{20}$/m);
    },
  },

  // The promise of the page, kept by its ten lines: another program fills the stream while one of two workers is killed.
  "A worker in Python 1": {
    needs: ["queues"],
    async run({ code }, place) {
      await using server = await ServerProcess.start({ args: ["--engine", "embedded"] });
      const { endpoint } = server;
      const QueueARN = await makeQueue(endpoint, { maxReceiveCount: 2, visibilitySeconds: 2 });
      place.write("worker.py", withPort(code, server.port));
      const start = () => new Program(newestBoto3() ?? "", [place.path("worker.py"), QueueARN]);
      await using killed = start();
      await using left = start();
      const items: string[] = [];
      let poisonCount = 0;
      const fill = async () => {
        const more = Array.from({ length: 10 }, (_, i) => `item-${items.length + i}`);
        items.push(...more);
        poisonCount++;
        await put(endpoint, [...more.map((item) => JSON.stringify({ item })), "poison"]);
      };
      // However late one of them starts, both are at work when one is killed.
      await until(async () => {
        await fill();
        return killed.lines.length >= 10 && left.lines.length >= 10;
      });
      await killed[Symbol.asyncDispose]();
      for (let batch = 0; batch < 5; batch++) await fill();
      const packed = () => new Set([...killed.lines, ...left.lines].filter((line) => line.startsWith("packed")));
      await until(() => packed().size === items.length);
      assert.deepEqual([...packed()].sort(), items.map((item) => `packed ${item}`).sort());
      const poison: unknown[] = [];
      await until(async () => {
        const input = { QueueARN, WaitTimeSeconds: 1, VisibilityTimeoutSeconds: 600 };
        const found = textsIn(await call<Received>(endpoint, "ReceiveDeadLetterQueueRecords", input));
        // On a slow machine a worker may have been late twice with a record that it did pack.
        poison.push(...found.map((words) => words.join(" ")).filter((words) => words.startsWith("poison")));
        return poison.length >= poisonCount;
      });
      assert.deepEqual(poison, Array(poisonCount).fill("poison 2"));
    },
  },

  "A worker in JavaScript 1": {
    async run({ code }, place) {
      await using server = await ServerProcess.start({ args: ["--engine", "memory"] });
      const QueueARN = await makeQueue(server.endpoint, { maxReceiveCount: 3, visibilitySeconds: 1 });
      place.write("worker.mjs", withPort(code, server.port));
      await using worker = new Program(process.execPath, [place.path("worker.mjs"), QueueARN]);
      await put(server.endpoint, ['{"item": "tea"}', "poison"]);
      await until(() => worker.lines.length >= 4);
      assert.deepEqual(worker.lines.map((line) => line.slice(0, "failed 1".length)).sort(), [
        "failed 1",
        "failed 2",
        "failed 3",
        "packed t",
      ]);
    },
  },

  "Dead letters 1": {
    needs: ["queues"],
    async run({ code }, place) {
      await using server = await ServerProcess.start({ args: ["--engine", "memory"] });
      const { endpoint } = server;
      const QueueARN = await makeQueue(endpoint, { maxReceiveCount: 1, visibilitySeconds: 0 });
      await put(endpoint, ["mended", "lost"]);
      for (let failed = 0; failed < 2; ) {
        const received = await call<Received>(endpoint, "ReceiveQueueRecords", { QueueARN, WaitTimeSeconds: 20 });
        failed += received.QueueRecords.length;
      }
      place.write("dead-letters.py", withPort(code, server.port));
      // The answers, in the order of the records, whichever that is.
      place.write(
        "input.py",
        `import builtins, runpy, sys
said = []
builtins.print = lambda *words: said.append(words)
builtins.input = lambda _: "restore" if said[-1][2] == b"mended" else "discard"
runpy.run_path("dead-letters.py", run_name="__main__")
sys.stdout.write(f"{len(said)} dead letters\\n")
`,
      );
      const { stdout } = await place.run(`'${newestBoto3()}' input.py ${QueueARN}`);
      assert.equal(stdout, "2 dead letters\n");
      const restored = await call<Received>(endpoint, "ReceiveQueueRecords", { QueueARN, WaitTimeSeconds: 20 });
      assert.deepEqual(textsIn(restored), [["mended", 1]]);
    },
  },
});
