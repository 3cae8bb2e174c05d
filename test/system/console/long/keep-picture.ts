import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";

const pictures = join(import.meta.dirname, "../../../../docs/console");

/** With MILLRACE_WRITE_PICTURES=1: what the page shows now, as a file of docs/console/. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  if (process.env["MILLRACE_WRITE_PICTURES"] !== "1") return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}
