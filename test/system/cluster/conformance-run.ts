import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startBalancedGateways } from "../../support/balanced-gateways.ts";
import { NatsServers } from "../../support/nats-servers.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { ServerProcess } from "../../support/start-server.ts";

const transitionDelay = "1500ms";

export function conformanceFiles(): readonly string[] {
  return globSync(["conformance/*.test.ts", "conformance/own/*.test.ts"]).sort();
}

export interface ConformanceRun {
  readonly files: readonly string[];
  readonly seed: number;
  /** Starts the servers that the tests of states and of rates need as well. */
  readonly withStatesAndRates: boolean;
  /** The contents of a limits file of the gateways; none without. */
  readonly limits?: object;
  /** Runs the tests alone whose names match. */
  readonly namePattern?: string;
}

export interface ConformanceResult {
  readonly isPassed: boolean;
  /** What the suite printed. */
  readonly output: string;
  /** Requests by gateway. */
  readonly counts: readonly number[];
}

/**
 * Runs files of the conformance suite, or the walks of clients, through two gateways over three servers, one chosen at random for each request. The
 * servers whose streams stay in their states are two more gateways of the same cluster; the one with rates is alone on a
 * server of its own, because gateways share them.
 */
export async function runConformance({
  files,
  seed,
  withStatesAndRates,
  limits,
  namePattern,
}: ConformanceRun): Promise<ConformanceResult> {
  const seeded = new SeededRandom(seed);
  await using stack = new AsyncDisposableStack();
  const servers = stack.use(await NatsServers.start({ nodeCount: 3 }));
  const balancerOfTwo = (...args: readonly string[]) =>
    startBalancedGateways(stack, servers, { args, random: () => seeded.next() });
  const limitedAlone = async (): Promise<ServerProcess> => {
    const { urls } = stack.use(await NatsServers.start({ nodeCount: 1 }));
    const args = ["--engine", "jetstream", "--allow-degraded", "--nats", urls.join(","), "--limits", "aws"];
    return stack.use(await ServerProcess.start({ args }));
  };
  const limitsFile = join(servers.directory, "limits.json");
  if (limits !== undefined) await writeFile(limitsFile, JSON.stringify(limits));
  const usual = await balancerOfTwo(...(limits === undefined ? [] : ["--limits", limitsFile]));
  const others = withStatesAndRates
    ? {
        SLOW_ENDPOINT: (await balancerOfTwo("--transition-delay", transitionDelay)).endpoint,
        LIMITED_ENDPOINT: (await limitedAlone()).endpoint,
      }
    : {};
  const pattern = namePattern === undefined ? [] : [`--test-name-pattern=${namePattern}`];
  const child = spawn(process.execPath, ["--test", "--test-concurrency=1", ...pattern, ...files], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      ENDPOINT: usual.endpoint,
      MILLRACE_WALKED_ENDPOINT: usual.endpoint,
      ...others,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
      AWS_SECRET_ACCESS_KEY: "secret",
      // Set by a test runner that this one runs in, whose words it would speak.
      NODE_TEST_CONTEXT: undefined,
    },
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { isPassed: code === 0, output, counts: usual.counts };
}
