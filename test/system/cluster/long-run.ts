/**
 * The tests of the engine on three servers, the conformance suite through two gateways, then rounds of each fault, judged by
 * history checkers: first at the engine, with a seal in each round, then at two gateway processes, with splits, merges and
 * resizes. `npm run test:cluster -- --rounds 50`, or
 * `--fault "kill leader"` for one kind, `--at gateways` or `--at engine` for one place. Prints a line for each kind, and exits
 * 1 at the first broken promise.
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { liftedLimits } from "../../support/lifted-limits.ts";
import { NatsServers } from "../../support/nats-servers.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { chaosRound, type Fault, faults, openGateway } from "./chaos-round.ts";
import { conformanceFiles, runConformance } from "./conformance-run.ts";
import { type GatewayFault, GatewayPair, gatewayFaults, gatewayRound } from "./gateway-round.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "10" },
    fault: { type: "string" },
    at: { type: "string" },
    seed: { type: "string", default: String(Date.now() % 100_000) },
  },
});
const isChosen = (fault: string): boolean => values.fault === undefined || values.fault === fault;
const roundCount = Number(values.rounds);
/** What each gateway has last told, shown when a promise is broken. */
const stderrCharsMax = 8_000;

interface Round {
  readonly storedCount: number;
  readonly failedCount: number;
  readonly gapMs: number;
}

async function runRounds(title: string, run: (round: number, random: SeededRandom) => Promise<Round>): Promise<void> {
  const random = new SeededRandom(Number(values.seed));
  const gaps: number[] = [];
  let [storedCount, failedCount, failedRounds] = [0, 0, 0];
  const startMs = performance.now();
  for (let round = 0; round < roundCount; round++) {
    const result = await run(round, random);
    const { storedCount: stored, failedCount: failed, gapMs } = result;
    const at = new Date().toISOString().slice(11, 19);
    process.stdout.write(
      `${at} ${title}, round ${round}: ${stored} acknowledged, ${failed} not, gap ${Math.round(gapMs)} ms\n`,
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
  await runRounds(`engine, ${fault}`, async (round, random) => {
    const streamId = `${fault.replaceAll(" ", "-")}-${round}`;
    const result = await chaosRound(servers, gateways, { fault, streamId, random: () => random.next() });
    if (result.faults.length > 0)
      throw new Error(`${fault}, round ${round}:\n${result.faults.slice(0, 20).join("\n")}`);
    return result;
  });
  for (const gateway of gateways) await gateway.close();
}

async function runAtGateways(servers: NatsServers, fault: GatewayFault): Promise<void> {
  await using pair = await GatewayPair.start(servers);
  let reshardCount = 0;
  await runRounds(`gateways, ${fault}`, async (_, random) => {
    const result = await gatewayRound(servers, pair, { fault, random }).catch(async (error: unknown) => {
      for (const { stderr } of pair.gateways) process.stdout.write(`${stderr.slice(-stderrCharsMax)}\n--\n`);
      process.stdout.write(`${await servers.logs()}\n`);
      throw error;
    });
    reshardCount += result.reshardCount;
    for (const failure of new Set(result.failures)) process.stdout.write(`  told: ${failure}\n`);
    return { ...result, storedCount: result.acknowledgedCount };
  });
  process.stdout.write(`  ${reshardCount} splits, merges and resizes\n`);
}

spawnSync(process.execPath, ["scripts/get-nats-server.ts"], { stdio: "inherit" });
if (values.fault === undefined && values.at === undefined) {
  const files = ["test/contract/engine-jetstream.test.ts", "test/system/cluster/damaged-replica.test.ts"];
  const env = { ...process.env, MILLRACE_NATS_NODES: "3" };
  const { status } = spawnSync(process.execPath, ["--test", "--test-concurrency=1", ...files], {
    stdio: "inherit",
    env,
  });
  if (status !== 0) process.exit(1);
  const run = { files: conformanceFiles(), seed: Number(values.seed), withStatesAndRates: true };
  const { isPassed, output, counts } = await runConformance(run);
  process.stdout.write(`${isPassed ? "" : output}conformance: ${counts.join(" and ")} requests through two gateways\n`);
  if (!isPassed) process.exit(1);
  for (const namePattern of [
    "JavaScript walks all .* HTTP/2",
    "JavaScript walks all .* HTTP/1.1",
    "newest boto3 .* knows$",
  ]) {
    const walk = await runConformance({
      files: ["test/system/clients/operations.test.ts"],
      seed: Number(values.seed),
      withStatesAndRates: false,
      limits: liftedLimits(),
      namePattern,
    });
    process.stdout.write(`${walk.isPassed ? "" : walk.output}${namePattern}: ${walk.counts.join(" and ")} requests\n`);
    if (!walk.isPassed) process.exit(1);
  }
}
process.stdout.write(`seed ${values.seed}\n`);
if (values.at !== "gateways") {
  await using servers = await NatsServers.start({ nodeCount: 3 });
  for (const fault of faults.filter(isChosen)) await runAtEngine(servers, fault);
}
if (values.at !== "engine") {
  for (const fault of gatewayFaults.filter(isChosen)) {
    await using servers = await NatsServers.start({ nodeCount: 3, advertises: false });
    await runAtGateways(servers, fault);
  }
}
