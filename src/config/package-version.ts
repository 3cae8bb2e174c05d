import { readFileSync } from "node:fs";

/** From the package.json two folders up, which holds for src/, for dist/ and for the published package. */
export function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
