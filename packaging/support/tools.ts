/** Gets the programs that packages are built and tested with, and keeps them in .cache. */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { downloadPackages, hasDebianTools } from "./debian-files.ts";
import { cache, root, run } from "./run.ts";

/** Commands of Go modules, by name: the path that `go install` takes. */
const goTools = {
  crane: "github.com/google/go-containerregistry/cmd/crane@v0.22.1",
  hclfmt: "github.com/hashicorp/hcl/v2/cmd/hclfmt@v2.25.0",
  helm: "helm.sh/helm/v4/cmd/helm@v4.3.2",
  prometheus: "github.com/prometheus/prometheus/cmd/prometheus@v0.316.0",
  promtool: "github.com/prometheus/prometheus/cmd/promtool@v0.316.0",
} as const;

/** Resolves with the path of the program; builds it once for each version. */
export async function goTool(name: keyof typeof goTools): Promise<string> {
  const specification = goTools[name];
  const folder = join(cache, "go", specification.split("@")[1] ?? "");
  const program = join(folder, name);
  if (!existsSync(program)) await run("go", ["install", specification], { env: { ...process.env, GOBIN: folder } });
  return program;
}

/** Resolves with the paths of Prometheus and its tool: Debian's, not installed, or on another system built with Go. */
export async function prometheusTools(): Promise<{ readonly prometheus: string; readonly promtool: string }> {
  if (!hasDebianTools() || process.arch !== "x64") {
    return { prometheus: await goTool("prometheus"), promtool: await goTool("promtool") };
  }
  const folder = join(cache, "prometheus");
  const bin = join(folder, "files", "usr", "bin");
  if (!existsSync(join(bin, "promtool"))) {
    const packages = await downloadPackages(["prometheus"], "amd64", join(folder, "packages"));
    for (const { path } of packages) await run("dpkg-deb", ["--extract", path, join(folder, "files")]);
  }
  return { prometheus: join(bin, "prometheus"), promtool: join(bin, "promtool") };
}

/** Resolves with a Python that has packaging/requirements.txt. */
export async function packagingPython(): Promise<string> {
  const venv = join(cache, "python");
  const python = join(venv, "bin", "python3");
  const wanted = join(root, "packaging", "requirements.txt");
  const installed = join(venv, "requirements.txt");
  if (existsSync(installed) && readFileSync(installed, "utf8") === readFileSync(wanted, "utf8")) return python;
  await run("python3", ["-m", "venv", "--clear", venv]);
  await run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", wanted]);
  copyFileSync(wanted, installed);
  return python;
}

/** Installs packaging/package.json, unless it is there as its lock file says. */
export async function npmTools(): Promise<string> {
  const folder = join(root, "packaging");
  const modules = join(folder, "node_modules");
  const wanted = readFileSync(join(folder, "package-lock.json"), "utf8");
  const stamp = join(modules, ".installed-from");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return modules;
  await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], { cwd: folder });
  writeFileSync(stamp, wanted);
  return modules;
}

export interface Podman {
  /** Resolves with what podman prints. */
  readonly run: (...args: readonly string[]) => Promise<string>;
  readonly command: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
}

/** podman with images and containers of its own below .cache; or the reason why containers do not run on this machine. */
export async function podman(): Promise<Podman | { readonly missing: string }> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return { missing: "containers need Linux and root" };
  const isInstalled = await debianTools(["podman", "runc"], ["podman", "runc", "containernetworking-plugins"]);
  if (!isInstalled) return { missing: "podman is not installed" };
  const folder = join(cache, "podman");
  mkdirSync(folder, { recursive: true });
  // Without the right to raise limits, podman's own defaults cannot be set.
  const settings = `[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "none"
`;
  const config = join(folder, "containers.conf");
  writeFileSync(config, settings);
  const env = { ...process.env, CONTAINERS_CONF: config };
  const command = ["podman", "--root", join(folder, "root"), "--runroot", join(folder, "run")] as const;
  const [file, ...options] = command;
  const runPodman = (...args: readonly string[]) => run(file, [...options, ...args], { env });
  try {
    await runPodman("info");
  } catch (error) {
    return { missing: `podman does not run: ${error instanceof Error ? error.message.trim().slice(-300) : error}` };
  }
  return { run: runPodman, command: [file, ...options], env };
}

/** Resolves with whether the commands are here, after an installation of Debian's packages where this may install them. */
export async function debianTools(commands: readonly string[], packages: readonly string[]): Promise<boolean> {
  if (commands.every(isHere)) return true;
  if (process.getuid?.() !== 0 || !isHere("apt-get")) return false;
  const install = `apt-get install -y -qq --no-install-recommends ${packages.join(" ")}`;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run("sh", ["-c", `apt-get update -qq && ${install}`], { env });
  return commands.every(isHere);
}

function isHere(command: string): boolean {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
}
