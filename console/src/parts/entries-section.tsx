import type { ComponentChildren } from "preact";
import { isReadOnly } from "../api/console-data.ts";
import { Form } from "./form.tsx";
import { Fault } from "./notice.tsx";

interface Entry {
  readonly key: string;
  readonly name: string;
  readonly cells: readonly ComponentChildren[];
  /** Shows more of the entry. */
  readonly onOpen?: () => void;
  readonly onRemove: () => void;
}

interface EntriesSectionProps {
  readonly title: string;
  /** Undefined while they are asked for. */
  readonly entries: readonly Entry[] | undefined;
  /** A sentence for the case of no entry. */
  readonly none: string;
  readonly add: string;
  readonly remove: string;
  readonly isBusy: boolean;
  readonly fault: string | undefined;
  /** Resolves with whether the entry was added; the form is then empty again. */
  readonly onAdd: (data: FormData) => Promise<boolean>;
  /** The fields of the form. */
  readonly children: ComponentChildren;
}

/** Named things of a stream or queue in a list, each of which can be removed, and a form that adds one. */
export function EntriesSection(props: EntriesSectionProps) {
  const { title, entries, none, add, isBusy, fault, onAdd, children } = props;
  const submit = async (form: HTMLFormElement): Promise<void> => {
    if (await onAdd(new FormData(form))) form.reset();
  };
  return (
    <section>
      <h2>{title}</h2>
      {entries?.length === 0 && <p class="muted">{none}</p>}
      {entries !== undefined && entries.length > 0 && <EntryTable {...props} entries={entries} />}
      {!isReadOnly() && (
        <Form class="inline" onSubmit={submit}>
          {children}
          <button type="submit" disabled={isBusy}>
            {add}
          </button>
        </Form>
      )}
      {fault !== undefined && <Fault>{fault}</Fault>}
    </section>
  );
}

type EntryTableProps = Pick<EntriesSectionProps, "remove" | "isBusy"> & { readonly entries: readonly Entry[] };

function EntryTable({ entries, remove, isBusy }: EntryTableProps) {
  return (
    <table>
      <tbody>
        {entries.map(({ key, name, cells, onOpen, onRemove }) => (
          <tr key={key}>
            <th scope="row" class="long">
              {onOpen === undefined ? (
                name
              ) : (
                <button type="button" class="link" onClick={onOpen}>
                  {name}
                </button>
              )}
            </th>
            {cells.map((cell, i) => (
              <td key={i} class="long">
                {cell}
              </td>
            ))}
            <td class="num">
              {!isReadOnly() && (
                <button
                  type="button"
                  class="small"
                  aria-label={`${remove} ${name}`}
                  disabled={isBusy}
                  onClick={onRemove}
                >
                  {remove}
                </button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
