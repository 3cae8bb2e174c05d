/** The documentation site: each link of it leads somewhere, and nothing is loaded from another host. */
import assert from "node:assert/strict";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { packagedDocuments } from "../../scripts/make-package.ts";
import { buildSite, navigation } from "../site/build-site.ts";
import { root } from "../support/run.ts";

let site = "";
before(async () => {
  site = join(mkdtempSync(join(tmpdir(), "millrace-site-test-")), "site");
  await buildSite(site);
});

after(() => rmSync(join(site, ".."), { recursive: true, force: true }));

test("each document is in the navigation once", () => {
  const documents = packagedDocuments(root).filter((path) => path.endsWith(".md"));
  const sections = navigation(documents);
  assert.deepEqual(sections.flatMap((section) => section.documents).sort(), [...documents].sort());
});

test("each link of the site leads to a file of it", () => {
  const broken: string[] = [];
  for (const page of globSync("**/*.html", { cwd: site })) {
    // The error page is served under any address.
    if (page === "404.html") continue;
    for (const [, target = ""] of linksOf(page).matchAll(/ (?:href|src)="([^"#?]+)/g)) {
      // The generator writes a mail address in character references.
      if (/^[a-z]+:/i.test(target) || target === "&") continue;
      const path = join(site, page, "..", decodeURIComponent(target));
      if (!existsSync(path)) broken.push(`${page}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
});

test("no page loads anything from another host", () => {
  for (const page of globSync("**/*.html", { cwd: site })) {
    const loaded = [...linksOf(page).matchAll(/<(?:script|img|iframe)[^>]* src="(https?:[^"]+)"/g)];
    const styles = [...linksOf(page).matchAll(/<link[^>]* rel="(?:stylesheet|preconnect)"[^>]*href="(https?:[^"]+)"/g)];
    assert.deepEqual(
      [...loaded, ...styles].map(([, url]) => url),
      [],
      page,
    );
  }
});

function linksOf(page: string): string {
  return readFileSync(join(site, page), "utf8");
}
