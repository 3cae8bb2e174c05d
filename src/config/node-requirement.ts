// Old versions of Node must be able to parse this file: the entry points import it before anything else.

/** Also in the `engines` of the published package. */
export const nodeMajorMin = 24;

/** One sentence where this version of Node is too old; undefined where it is not. */
export function nodeProblem(version: string = process.versions.node): string | undefined {
  if (Number(version.split(".")[0]) >= nodeMajorMin) return undefined;
  return `this is Node ${version}, and Millrace needs Node ${nodeMajorMin} or newer; install one from https://nodejs.org and start again`;
}
