#!/usr/bin/env node
// The entry of the command. Old versions of Node must be able to parse this file and its static import: Node reads them all
// before it runs the first line, and would print a SyntaxError of a file that the user does not know.
import { nodeProblem } from "../config/node-requirement.ts";

const problem = nodeProblem();
if (problem !== undefined) {
  process.stderr.write(`millrace: ${problem}\n`);
  process.exit(2);
}
const { main } = await import("./main.ts");
process.exit(await main(process.argv.slice(2)));
