/**
 * Builds the documentation site of the project's documents, with Zensical: static files that ask no other host for anything.
 *
 *   node packaging/site/build-site.ts DIRECTORY
 */
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { packagedDocuments, repositoryManifest } from "../../scripts/make-package.ts";
import { cache, root, run } from "../support/run.ts";
import { packagingPython } from "../support/tools.ts";

interface Section {
  readonly title: string;
  /** Paths of documents; `folder/` stands for all documents below it. */
  readonly documents: readonly string[];
}

const sections: readonly Section[] = [
  { title: "Start", documents: ["README.md", "docs/coming-from.md", "docs/testing-with-millrace.md"] },
  { title: "Clients", documents: ["docs/clients/", "docs/queues.md", "docs/interop.md"] },
  {
    title: "Running",
    documents: [
      "docs/containers.md",
      "docs/kubernetes.md",
      "docs/cluster.md",
      "docs/operating.md",
      "docs/security.md",
      "docs/backups.md",
      "docs/limits.md",
      "docs/console.md",
    ],
  },
  { title: "Commands", documents: ["docs/cli/"] },
  {
    title: "Reference",
    documents: ["docs/compatibility.md", "docs/glossary.md", "docs/file-format.md", "CHANGELOG.md", "SECURITY.md"],
  },
  { title: "Benchmarks", documents: ["docs/benchmarks/results.md", "docs/benchmarks/"] },
  {
    title: "Inside",
    documents: ["ARCHITECTURE.md", "CONTRIBUTING.md", "docs/releasing.md", "conformance/", "docs/decisions/"],
  },
];

/** The documents of each section, in order; those that no section names come last. */
export function navigation(documents: readonly string[]): readonly Section[] {
  const left = new Set(documents);
  const take = (wanted: string): readonly string[] => {
    const found = [...left].filter((path) => (wanted.endsWith("/") ? path.startsWith(wanted) : path === wanted)).sort();
    for (const path of found) left.delete(path);
    return found;
  };
  const named = sections.map(({ title, documents: wanted }) => ({ title, documents: wanted.flatMap(take) }));
  return [...named, { title: "More", documents: [...left] }].filter((section) => section.documents.length > 0);
}

export async function buildSite(target: string): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), "millrace-site-"));
  try {
    const source = join(work, "source");
    const files = packagedDocuments(root);
    for (const file of files) {
      mkdirSync(dirname(join(source, file)), { recursive: true });
      cpSync(join(root, file), join(source, file));
    }
    const documents = files.filter((file) => file.endsWith(".md"));
    writeFileSync(join(work, "zensical.toml"), configuration(documents));
    const zensical = join(dirname(await packagingPython()), "zensical");
    await run(zensical, ["build", "--clean", "--strict"], { cwd: work });
    rmSync(target, { recursive: true, force: true });
    mkdirSync(dirname(target), { recursive: true });
    // The work folder may be on another file system.
    cpSync(join(work, "site"), `${target}.new`, { recursive: true });
    renameSync(`${target}.new`, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function configuration(documents: readonly string[]): string {
  const { description, homepage } = repositoryManifest(root);
  const sectionOf = ({ title, documents: paths }: Section) => `{ ${JSON.stringify(title)} = ${JSON.stringify(paths)} }`;
  return `[project]
site_name = "Millrace"
site_description = ${JSON.stringify(description)}
site_url = ${JSON.stringify(`${homepage}/`)}
docs_dir = "source"
site_dir = "site"
# Works in a folder, behind any server.
use_directory_urls = false
nav = [
  ${navigation(documents).map(sectionOf).join(",\n  ")}
]
[project.theme]
# Fonts would come from another host.
font = false
features = ["content.code.copy", "navigation.indexes", "search.highlight"]
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const target = resolve(process.argv[2] ?? join(cache, "site"));
  await buildSite(target);
  process.stdout.write(`${target}\n`);
}
