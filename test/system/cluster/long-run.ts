/**
 * The tests of the engine on three servers, the conformance suite through two gateways, then rounds of each fault on three servers, judged by the history checker: `npm run test:cluster -- --rounds 50`, or
 * `--fault "kill leader"` for one kind. Prints a line for each kind, and exits 1 at the first fault that it finds.
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { liftedLimits } from "../../support/lifted-limits.ts";
import { NatsServers } from "../../support/nats-servers.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { chaosRound, type Fault, faults, openGateway } from "./chaos-round.ts";
import { conformanceFiles, runConformance } from "./conformance-run.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "10" },
    fault: { type: "string" },
    seed: { type: "string", default: String(Date.now() % 100_000) },
  },
});
const chosen = values.fault === undefined ? faults : faults.filter((fault) => fault === values.fault);

async function runRounds(servers: NatsServers, fault: Fault): Promise<void> {
  const seeded = new SeededRandom(Number(values.seed));
  const random = (): number => seeded.next();
  const gateways = [await openGateway(servers, "chaos"), await openGateway(servers, "chaos")];
  const gaps: number[] = [];
  let [storedCount, failedCount] = [0, 0];
  for (let round = 0; round < Number(values.rounds); round++) {
    const streamId = `${fault.replaceAll(" ", "-")}-${round}`;
    const result = await chaosRound(servers, gateways, { fault, streamId, random });
    if (result.faults.length > 0)
      throw new Error(`${fault}, round ${round}:\n${result.faults.slice(0, 20).join("\n")}`);
    gaps.push(result.gapMs);
    storedCount += result.storedCount;
    failedCount += result.failedCount;
  }
  gaps.sort((left, right) => left - right);
  const p90 = gaps[Math.floor(gaps.length * 0.9)] ?? 0;
  const figures = `${gaps.length} rounds, ${storedCount} acknowledged, ${failedCount} failed, longest gap p90 ${Math.round(p90)} ms, max ${Math.round(gaps.at(-1) ?? 0)} ms`;
  process.stdout.write(`${fault}: ${figures}, 0 faults\n`);
  for (const gateway of gateways) await gateway.close();
}

spawnSync(process.execPath, ["scripts/get-nats-server.ts"], { stdio: "inherit" });
if (values.fault === undefined) {
  const files = ["test/contract/engine-jetstream.test.ts", "test/system/cluster/damaged-replica.test.ts"];
  const env = { ...process.env, MILLRACE_NATS_NODES: "3" };
  const { status } = spawnSync(process.execPath, ["--test", "--test-concurrency=1", ...files], {
    stdio: "inherit",
    env,
  });
  if (status !== 0) process.exit(1);
}
if (values.fault === undefined) {
  const run = { files: conformanceFiles(), seed: Number(values.seed), withStatesAndRates: true };
  const { isPassed, output, counts } = await runConformance(run);
  process.stdout.write(`${isPassed ? "" : output}conformance: ${counts.join(" and ")} requests through two gateways\n`);
  if (!isPassed) process.exit(1);
  // The clients that know no queues, which the engine does not have.
  for (const protocol of ["HTTP/2", "HTTP/1.1"]) {
    const walk = await runConformance({
      files: ["test/system/clients/operations.test.ts"],
      seed: Number(values.seed),
      withStatesAndRates: false,
      limits: liftedLimits(),
      namePattern: `JavaScript walks all .* over ${protocol}`,
    });
    process.stdout.write(
      `${walk.isPassed ? "" : walk.output}walk over ${protocol}: ${walk.counts.join(" and ")} requests\n`,
    );
    if (!walk.isPassed) process.exit(1);
  }
}
const servers = await NatsServers.start({ nodeCount: 3 });
try {
  process.stdout.write(`seed ${values.seed}\n`);
  for (const fault of chosen) await runRounds(servers, fault);
} finally {
  await servers.stop();
}
