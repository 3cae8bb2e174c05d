/**
 * Everything about clusters that takes long, in three places: `suites` are the tests of the engine on three servers, the
 * conformance suite and the walks of clients through two gateways; `engine` and `gateways` are rounds of each fault, judged by
 * history checkers, with a seal in each round or with splits, merges and resizes.
 *
 *   npm run test:cluster                                              all of it
 *   npm run test:cluster -- --at gateways --fault "kill leader" --rounds 5
 *   npm run test:cluster -- --at gateways --minutes 120               faults at random, without a pause
 *
 * Prints a line for each round and kind, and exits 1 at the first broken promise. SIGINT or SIGTERM ends it after the round
 * that runs, with the sums of what was run.
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { liftedLimits } from "../../support/lifted-limits.ts";
import { NatsServers } from "../../support/nats-servers.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { chaosRound, type Fault, faults, openGateway } from "./chaos-round.ts";
import { type ConformanceResult, conformanceFiles, runConformance } from "./conformance-run.ts";
import { type GatewayFault, GatewayPair, gatewayFaults, gatewayRound } from "./gateway-round.ts";

/** Set by SIGINT and SIGTERM: the round that runs is the last, and its kind is judged and summed up. */
let isStopped = false;
const { values } = parseArgs({
  options: {
    rounds: { type: "string" },
    fault: { type: "string" },
    at: { type: "string" },
    minutes: { type: "string" },
    seed: { type: "string", default: String(Date.now() % 100_000) },
  },
});
const isChosen = (fault: string): boolean => values.fault === undefined || values.fault === fault;
/** Rounds that a release has passed. */
const roundCounts: Readonly<Record<GatewayFault, number>> = {
  none: 2,
  "kill leader": 50,
  "kill any": 50,
  "kill all": 10,
  "kill gateway": 50,
  "pause leader": 10,
  "cut gateway": 20,
  "pause gateway": 20,
  "full disk": 5,
  roll: 10,
};
/** Tests that walk the API as clients do, each on servers without streams, so each pattern fits one test. */
const walks = [
  ["operations.test.ts", "JavaScript walks all .* HTTP/2"],
  ["operations.test.ts", "JavaScript walks all .* HTTP/1.1"],
  ["operations.test.ts", "newest boto3 .* knows$"],
  ["operations.test.ts", "newest AWS CLI walks"],
  ["operations.test.ts", "AWS CLI with the newest model walks"],
  ["aws-cli.test.ts", "reads back what it has put"],
] as const;
/** What each gateway has last told, shown when a promise is broken. */
const stderrCharsMax = 8_000;

interface Round {
  readonly storedCount: number;
  readonly failedCount: number;
  readonly gapMs: number;
  /** What the title does not say of the round. */
  readonly note?: string;
}

interface Rounds {
  readonly title: string;
  /** Whether one more round follows on so many. */
  readonly goesOn: (count: number) => boolean;
  readonly run: (round: number, random: SeededRandom) => Promise<Round>;
}

function roundsOf(fault: GatewayFault): (count: number) => boolean {
  const countMax = values.rounds === undefined ? roundCounts[fault] : Number(values.rounds);
  return (count) => count < countMax;
}

async function runRounds({ title, goesOn, run }: Rounds): Promise<void> {
  const random = new SeededRandom(Number(values.seed));
  const gaps: number[] = [];
  let [storedCount, failedCount, failedRounds] = [0, 0, 0];
  const startMs = performance.now();
  for (let round = 0; goesOn(round) && !isStopped; round++) {
    const result = await run(round, random);
    const { storedCount: stored, failedCount: failed, gapMs } = result;
    const at = new Date().toISOString().slice(11, 19);
    process.stdout.write(
      `${at} ${title}, round ${round}${result.note ?? ""}: ${stored} acknowledged, ${failed} not, gap ${Math.round(gapMs)} ms\n`,
    );
    gaps.push(result.gapMs);
    storedCount += result.storedCount;
    failedCount += result.failedCount;
    if (result.failedCount > 0) failedRounds += 1;
  }
  gaps.sort((left, right) => left - right);
  const gap = (share: number): string => `${Math.round(gaps[Math.floor((gaps.length - 1) * share)] ?? 0)} ms`;
  const errors = `${failedCount} not acknowledged in ${failedRounds} rounds`;
  const figures = `${gaps.length} rounds, ${storedCount} acknowledged, ${errors}, longest gap p50 ${gap(0.5)}, p90 ${gap(0.9)}, max ${gap(1)}`;
  const seconds = Math.round((performance.now() - startMs) / 1_000);
  process.stdout.write(`${title}: ${figures}; 0 lost, twice, out of order or behind a seal; ${seconds} s\n`);
}

async function runAtEngine(servers: NatsServers, fault: Fault): Promise<void> {
  const gateways = [await openGateway(servers, "chaos"), await openGateway(servers, "chaos")];
  await runRounds({
    title: `engine, ${fault}`,
    goesOn: roundsOf(fault),
    run: async (round, random) => {
      const streamId = `${fault.replaceAll(" ", "-")}-${round}`;
      const result = await chaosRound(servers, gateways, { fault, streamId, random: () => random.next() });
      if (result.faults.length === 0) return result;
      throw new Error(`${fault}, round ${round}:\n${result.faults.slice(0, 20).join("\n")}`);
    },
  });
  for (const gateway of gateways) await gateway.close();
}

/** `chosen`: the fault of each round; its name is told by the title if it is always the same. */
async function runAtGateways(title: string, goesOn: Rounds["goesOn"], chosen: (random: SeededRandom) => GatewayFault) {
  await using servers = await NatsServers.start({ nodeCount: 3, advertises: false });
  await using pair = await GatewayPair.start(servers);
  let reshardCount = 0;
  let encryptionCount = 0;
  const faultCounts: Partial<Record<GatewayFault, number>> = {};
  const run = async (_: number, random: SeededRandom): Promise<Round> => {
    const fault = chosen(random);
    const result = await gatewayRound(servers, pair, { fault, random }).catch(async (error: unknown) => {
      process.stdout.write(`${fault}: a promise is broken\n`);
      for (const { stderr } of pair.gateways) process.stdout.write(`${stderr.slice(-stderrCharsMax)}\n--\n`);
      process.stdout.write(`${await servers.logs()}\n`);
      throw error;
    });
    reshardCount += result.reshardCount;
    encryptionCount += result.encryptionCount;
    faultCounts[fault] = (faultCounts[fault] ?? 0) + 1;
    for (const failure of new Set(result.failures)) process.stdout.write(`  told: ${failure}\n`);
    return {
      ...result,
      storedCount: result.acknowledgedCount,
      note: title.endsWith(fault) ? "" : ` (${fault} ${faultCounts[fault]})`,
    };
  };
  await runRounds({ title, goesOn, run });
  const counts = Object.entries(faultCounts).map(([fault, count]) => `${fault} ${count}`);
  process.stdout.write(
    `  ${counts.join(", ")}; ${reshardCount} splits, merges and resizes, ${encryptionCount} changes of encryption\n`,
  );
}

async function runRandomFaults(minutes: number): Promise<void> {
  const endMs = performance.now() + minutes * 60_000;
  const wanted = gatewayFaults.filter((fault) => fault !== "none");
  const chosen = (random: SeededRandom) => wanted[random.integer(0, wanted.length - 1)] as GatewayFault;
  await runAtGateways("gateways, random faults", () => performance.now() < endMs, chosen);
}

async function runSuites(): Promise<void> {
  const files = ["test/contract/engine-jetstream.test.ts", "test/system/cluster/damaged-replica.test.ts"];
  const env = { ...process.env, MILLRACE_NATS_NODES: "3" };
  runOrExit(["--test", "--test-concurrency=1", ...files], env);
  const seed = Number(values.seed);
  const suite = { files: conformanceFiles(), seed, withStatesAndRates: true };
  tell("conformance", await runConformance(suite));
  for (const [file, namePattern] of walks) {
    const walked = { files: [`test/system/clients/${file}`], seed, withStatesAndRates: false };
    tell(namePattern, await runConformance({ ...walked, limits: liftedLimits(), namePattern }));
  }
  runOrExit(["interop/run.ts", "--cluster", "sdk", "boto3", "kcl"], process.env);
}

function runOrExit(args: readonly string[], env: NodeJS.ProcessEnv): void {
  if (spawnSync(process.execPath, args, { stdio: "inherit", env }).status !== 0) process.exit(1);
}

function tell(what: string, { isPassed, output, counts }: ConformanceResult): void {
  process.stdout.write(`${isPassed ? "" : output}${what}: ${counts.join(" and ")} requests through two gateways\n`);
  if (!isPassed) process.exit(1);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  // Those of the support for tests end the process at once.
  process.removeAllListeners(signal).on(signal, () => (isStopped = true));
}
runOrExit(["scripts/get-nats-server.ts"], process.env);
process.stdout.write(`seed ${values.seed}\n`);
const isAt = (place: string): boolean => values.at === undefined || values.at === place;
if (isAt("suites") && values.fault === undefined) await runSuites();
if (isAt("engine")) {
  await using servers = await NatsServers.start({ nodeCount: 3 });
  for (const fault of faults.filter(isChosen)) await runAtEngine(servers, fault);
}
if (isAt("gateways")) {
  if (values.minutes !== undefined) await runRandomFaults(Number(values.minutes));
  else {
    for (const fault of gatewayFaults.filter(isChosen)) {
      await runAtGateways(`gateways, ${fault}`, roundsOf(fault), () => fault);
    }
  }
}
