import { join } from "node:path";

/** Where the sources of a library's program are. */
export function sourcesOf(library: string): string {
  return join(import.meta.dirname, library);
}

/** Where what is built of them is kept from run to run. */
export function cacheOf(library: string): string {
  return join(import.meta.dirname, "..", ".cache", "interop", library);
}
