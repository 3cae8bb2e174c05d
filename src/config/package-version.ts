import { readProgramFile } from "../platform/program-files.ts";

/** From package.json, the repository's or that of the published package. */
export function packageVersion(): string {
  const text = new TextDecoder().decode(readProgramFile("package.json"));
  return (JSON.parse(text) as { readonly version: string }).version;
}
