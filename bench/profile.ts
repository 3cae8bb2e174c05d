/**
 * Where the main thread's time goes in one scenario with one of our servers, by function:
 *   node_modules/.bin/node bench/profile.ts put-records-1k "millrace durable sigv4" [--seconds 3] [--top 25]
 * Sampled by V8 every 100 us; shares are of the time that it was not idle while the load was measured.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildServer } from "./build-server.ts";
import { contestants } from "./contestants.ts";
import { measureOnce } from "./measure-once.ts";
import { markdownTable } from "./report.ts";
import { lines } from "./scenarios.ts";

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const samplingUs = 100;

const { values: flags, positionals } = parseArgs({
  options: { seconds: { type: "string", default: "3" }, top: { type: "string", default: "25" } },
  allowPositionals: true,
});
const [scenarioName = "", serverName = ""] = positionals;
const scenario = lines.find((line) => line.scenario.name === scenarioName)?.scenario;
const contestant = contestants.find(({ name, kind }) => name === serverName && kind === "ours");
if (scenario === undefined) throw new Error(`no scenario is named ${JSON.stringify(scenarioName)}`);
if (contestant === undefined) throw new Error(`no server of ours is named ${JSON.stringify(serverName)}`);

buildServer();
const directory = mkdtempSync(join(tmpdir(), "millrace-profile-"));
try {
  const profiling = ["--cpu-prof", `--cpu-prof-dir=${directory}`, `--cpu-prof-interval=${samplingUs}`];
  const measured = await measureOnce({ scenario, contestant }, Number(flags.seconds), profiling);
  const rate = Math.round(measured.records / measured.seconds).toLocaleString("en-US");
  console.log(`${scenario.title}, ${contestant.name}: ${rate} rec/s while profiled\n`);
  // A worker thread leaves a profile of its own; the main thread's has the most samples.
  const profiles = readdirSync(directory).map((file) => readProfile(join(directory, file)));
  const [main] = profiles.toSorted((one, other) => other.samples.length - one.samples.length);
  if (main !== undefined) console.log(tableOf(main, { seconds: Number(flags.seconds), top: Number(flags.top) }));
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function readProfile(path: string): Profile {
  return JSON.parse(readFileSync(path, "utf8")) as Profile;
}

interface TableOptions {
  readonly seconds: number;
  readonly top: number;
}

function tableOf({ nodes, samples, timeDeltas }: Profile, { seconds, top }: TableOptions): string {
  const nameOf = new Map(nodes.map(({ id, callFrame }) => [id, placeText(callFrame)]));
  const selfUs = new Map<string, number>();
  // The measured load is the last that the server saw.
  let leftUs = seconds * 1e6;
  for (let i = samples.length - 1; i >= 0 && leftUs > 0; i--) {
    leftUs -= timeDeltas[i] ?? 0;
    const id = samples[i] ?? 0;
    const name = nameOf.get(id) ?? "?";
    selfUs.set(name, (selfUs.get(name) ?? 0) + (timeDeltas[i] ?? 0));
  }
  selfUs.delete("(idle)");
  const busyUs = selfUs.values().reduce((sum, us) => sum + us, 0);
  const rows = [...selfUs].toSorted(([, one], [, other]) => other - one).slice(0, top);
  return markdownTable([
    ["function", "share"],
    ...rows.map(([name, us]) => [name, `${((us / busyUs) * 100).toFixed(1)} %`]),
  ]);
}

function placeText({ functionName, url, lineNumber }: Profile["nodes"][number]["callFrame"]): string {
  const name = functionName === "" ? "(anonymous)" : functionName;
  if (url === "") return name;
  const file = url.replace(/^.*\/dist\//, "").replace(/^file:\/\//, "");
  return url.startsWith("wasm:") ? "WebAssembly" : `${name} ${file}:${lineNumber + 1}`;
}
