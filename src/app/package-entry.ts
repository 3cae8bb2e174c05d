// What `import "millrace"` loads. Old versions of Node must be able to parse this file and its static imports: Node reads them
// all before it runs the first line, and would print a SyntaxError of a file that the user does not know.
import { nodeProblem } from "../config/node-requirement.ts";
import { StartError } from "../config/start-error.ts";
import type { Millrace, MillraceOptions } from "./in-process-server.ts";

export { type Millrace, type MillraceOptions, StartError };

const problem = nodeProblem();
if (problem !== undefined) throw new StartError(problem);

/** See `startMillrace()` of in-process-server.ts. */
export const startMillrace: typeof import("./in-process-server.ts").startMillrace = async (options) => {
  const server = await import("./in-process-server.ts");
  return await server.startMillrace(options);
};
