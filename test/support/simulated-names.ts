import type { SimulatedFile } from "./simulated-file.ts";

type NameChange =
  | { readonly kind: "link"; readonly path: string; readonly file: SimulatedFile }
  | { readonly kind: "rename"; readonly path: string; readonly to: string; readonly file: SimulatedFile }
  | { readonly kind: "unlink"; readonly path: string };

/**
 * - `journal`      one journal keeps the order of names everywhere: syncing one directory syncs what came before elsewhere
 * - `independent`  each directory keeps its own order, and nothing more, as POSIX would have it
 */
export type NameOrder = "journal" | "independent";

/** Which name leads to which file: as processes see it, and as a power cut would leave it. */
export class SimulatedNames {
  readonly #order: NameOrder;
  #live = new Map<string, SimulatedFile>();
  #durable = new Map<string, SimulatedFile>();
  #unsynced: NameChange[] = [];

  constructor(order: NameOrder) {
    this.#order = order;
  }

  get hasUnsynced(): boolean {
    return this.#unsynced.length > 0;
  }

  get(path: string): SimulatedFile | undefined {
    return this.#live.get(path);
  }

  paths(): readonly string[] {
    return [...this.#live.keys()];
  }

  files(): Iterable<SimulatedFile> {
    return this.#live.values();
  }

  link(path: string, file: SimulatedFile): void {
    this.#change({ kind: "link", path, file });
  }

  rename(path: string, to: string, file: SimulatedFile): void {
    this.#change({ kind: "rename", path, to, file });
  }

  unlink(path: string): void {
    if (this.#live.has(path)) this.#change({ kind: "unlink", path });
  }

  /** Durable at once, as no process could do it. */
  place(path: string, file: SimulatedFile | undefined): void {
    for (const names of [this.#live, this.#durable]) {
      if (file === undefined) names.delete(path);
      else names.set(path, file);
    }
  }

  sync(directory: string): void {
    const isCovered = ({ path }: NameChange): boolean => this.#order === "journal" || directoryOf(path) === directory;
    for (const change of this.#unsynced.filter(isCovered)) apply(this.#durable, change);
    this.#unsynced = this.#unsynced.filter((change) => !isCovered(change));
  }

  /** For a process that comes after: the system lives on, and with it what it has yet to write. */
  shared(): SimulatedNames {
    const names = new SimulatedNames(this.#order);
    names.#live = new Map(this.#live);
    names.#durable = new Map(this.#durable);
    names.#unsynced = [...this.#unsynced];
    return names;
  }

  /** After a power cut: of the changes that were not synced a beginning is kept, of all or of each directory's. */
  survivors(share: () => number): ReadonlyMap<string, SimulatedFile> {
    const names = new Map(this.#durable);
    const groups = Map.groupBy(this.#unsynced, ({ path }) => (this.#order === "journal" ? "" : directoryOf(path)));
    for (const changes of groups.values()) {
      for (const change of changes.slice(0, Math.round(share() * changes.length))) apply(names, change);
    }
    return names;
  }

  #change(change: NameChange): void {
    this.#unsynced.push(change);
    apply(this.#live, change);
  }
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

function apply(names: Map<string, SimulatedFile>, change: NameChange): void {
  if (change.kind === "link") names.set(change.path, change.file);
  else names.delete(change.path);
  if (change.kind === "rename") names.set(change.to, change.file);
}
