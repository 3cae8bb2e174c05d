import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseUntrustedJson } from "../../model/parse-untrusted-json.ts";
import { DestinationError } from "../batch/destination.ts";

/**
 * The JSON Schema of an ARN `…:schema/REGISTRY/NAME`, from the file REGISTRY/NAME.json of a folder. Rejects with
 * `DestinationError`.
 */
export async function readJsonSchema(folder: string | undefined, schemaArn: string): Promise<unknown> {
  const [registry = "", name = ""] = schemaArn.split("/").slice(1);
  if (folder === undefined) {
    throw new DestinationError('The file of --channels has no "schemas", the folder with the schemas of records.');
  }
  const path = join(registry, `${name}.json`);
  // The ARN is a client's: its parts must not lead out of the folder.
  if (/^\.+$/.test(registry)) throw new DestinationError(`There is no schema ${schemaArn}.`);
  try {
    return parseUntrustedJson(await readFile(join(folder, path), "utf8"));
  } catch (error) {
    const why =
      error instanceof SyntaxError
        ? "is not valid JSON"
        : `cannot be read (${String((error as NodeJS.ErrnoException).code)})`;
    throw new DestinationError(`The schema of the records, ${path} in the folder of schemas, ${why}.`, {
      cause: error,
    });
  }
}
