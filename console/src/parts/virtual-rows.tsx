import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

interface VirtualRowsProps {
  readonly count: number;
  /** In CSS pixels; all rows have it. */
  readonly rowHeight: number;
  readonly label: string;
  readonly row: (index: number) => ComponentChildren;
  readonly onScroll?: (top: number) => void;
  readonly class?: string;
  readonly onKeyDown?: (event: KeyboardEvent) => void;
  /** A row to bring into view when it changes. */
  readonly show?: number | undefined;
}

/** Rows beyond the edges of the view, so that a fast scroll shows no gap. */
const spareRows = 8;

/** A list of any length, of which only the visible rows are in the document. */
export function VirtualRows({ count, rowHeight, label, row, onScroll, show, onKeyDown, ...rest }: VirtualRowsProps) {
  const ref = useRef<HTMLElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  useEffect(() => {
    const view = ref.current;
    if (view === null) return undefined;
    const observer = new ResizeObserver(() => setHeight(view.clientHeight));
    observer.observe(view);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const view = ref.current;
    if (view === null || show === undefined) return;
    const at = show * rowHeight;
    if (at < view.scrollTop) view.scrollTop = at;
    else if (at + rowHeight > view.scrollTop + view.clientHeight) view.scrollTop = at + rowHeight - view.clientHeight;
  }, [show, rowHeight]);
  const first = Math.max(0, Math.floor(top / rowHeight) - spareRows);
  const last = Math.min(count, Math.ceil((top + height) / rowHeight) + spareRows);
  const rows: JSX.Element[] = [];
  for (let index = first; index < last; index++) {
    rows.push(
      <div
        key={index}
        class="virtual-row"
        style={{ transform: `translateY(${index * rowHeight}px)`, height: `${rowHeight}px` }}
      >
        {row(index)}
      </div>,
    );
  }
  return (
    <section
      ref={ref}
      class={`virtual ${rest.class ?? ""}`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached with the keyboard.
      tabIndex={0}
      aria-label={label}
      onKeyDown={onKeyDown}
      onScroll={(event) => {
        setTop(event.currentTarget.scrollTop);
        onScroll?.(event.currentTarget.scrollTop);
      }}
    >
      <div class="virtual-space" style={{ height: `${count * rowHeight}px` }}>
        {rows}
      </div>
    </section>
  );
}
