/** The browser that tests of the web console drive. scripts/get-chromium.mjs gets one where there is none. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { after, type TestContext } from "node:test";
import axe, { type AxeResults } from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { reportMissing } from "./available-tools.ts";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Without what a browser asks of the network by itself. Chromium has no sandbox of its own for root. */
const args = [
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The path of Chromium or Chrome; undefined where there is none. */
function findChromium(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const inPath = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  const named = process.env["MILLRACE_TEST_CHROMIUM"];
  const own = chromium.executablePath();
  return [...(named === undefined ? [] : [named]), ...inPath, own].find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface TestPage {
  readonly page: Page;
  /** What the page throws, and what the browser refuses it or cannot load. */
  readonly faults: string[];
}

/** What axe finds wrong for people who use a keyboard, a screen reader or large type: one line for each element. */
export async function accessibilityFaults(page: Page): Promise<readonly string[]> {
  // A content security policy forbids script elements; this one comes through the debugger.
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate("axe.run()")) as AxeResults;
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html}`));
}

/** One browser for the tests of a file, started by the first of them. */
export class TestBrowser {
  readonly #args: readonly string[];
  #browser: Promise<Browser> | undefined;

  /** `more`: arguments of the browser. */
  constructor(more: readonly string[] = []) {
    this.#args = [...args, ...more];
    after(async () => (await this.#browser)?.close());
  }

  /**
   * A new page without cookies or storage, which is closed with the test. Undefined, and the test is skipped or failed, where
   * there is no browser.
   */
  async open(t: TestContext, options: BrowserContextOptions = {}): Promise<TestPage | undefined> {
    const executablePath = findChromium();
    if (executablePath === undefined) {
      reportMissing(t, "Chromium or Chrome");
      return undefined;
    }
    this.#browser ??= chromium.launch({ executablePath, args: [...this.#args] });
    const context = await (await this.#browser).newContext({ viewport: { width: 1280, height: 800 }, ...options });
    t.after(() => context.close());
    const page = await context.newPage();
    const faults: string[] = [];
    page.on("pageerror", ({ message }) => faults.push(message));
    page.on("console", (message) => {
      if (message.type() === "error") faults.push(message.text());
    });
    return { page, faults };
  }
}
