import packageJson from "../package.json" with { type: "json" };

/** Variables and flags of Node with which the server is started. */
export interface StartCommand {
  /** Given where the caller has none of his own. */
  readonly env: Readonly<Record<string, string>>;
  readonly nodeFlags: readonly string[];
}

/** Throws for a script that starts the server in any other form than `exec env NAME="${NAME:-value}" … node FLAGS… dist/…`. */
export function startCommandOf(script: string): StartCommand {
  const found = / && exec env (?<env>.*?) ?\bnode (?<flags>.*?) ?dist\/cli\/cli\.js serve$/.exec(script);
  if (found?.groups === undefined)
    throw new Error(`package.json starts the server in a form that is not known: ${script}`);
  const { env = "", flags = "" } = found.groups;
  const settings = wordsOf(env).map((word): readonly [string, string] => {
    const [, name = "", value] = /^(\w+)="\$\{\1:-([^}"]*)\}"$/.exec(word) ?? [];
    if (value === undefined) throw new Error(`package.json sets a variable in a form that is not known: ${word}`);
    return [name, value];
  });
  return { env: Object.fromEntries(settings), nodeFlags: wordsOf(flags) };
}

function wordsOf(text: string): readonly string[] {
  return text.split(" ").filter((word) => word !== "");
}

/** What `npm start` does: what is measured is what users run. */
export const startCommand = startCommandOf(packageJson.scripts.start);
