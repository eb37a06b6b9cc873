import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useRows } from "./rows";

export interface ListProps {
  readonly id: string;
  readonly label: string;
  readonly count: number;
  /** Pixels; all rows are equally high. */
  readonly rowHeight: number;
  /** The row that the keyboard is at; it is kept in sight. -1: none. */
  readonly active: number;
  readonly selected: number;
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly onRowClick: (index: number) => void;
  /** The row under the pointer, or -1 when it left. */
  readonly onRowHover: (index: number) => void;
  readonly row: (index: number) => ComponentChildren;
}

/** A list of any length that has only the rows in sight in the document. */
export function VirtualList(props: ListProps) {
  const { id, count, rowHeight, active } = props;
  const { box, items, height, show } = useRows(count, () => rowHeight);
  const showRow = useRef(show);
  showRow.current = show;

  useEffect(() => {
    if (active >= 0) showRow.current(active);
  }, [active]);

  const rows = items.map(({ index: i, start }) => (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the focus and handles the keys
    <div
      key={i}
      id={`${id}-${i}`}
      class={i === active ? "row active" : "row"}
      role="option"
      tabIndex={-1}
      aria-selected={i === props.selected}
      aria-posinset={i + 1}
      aria-setsize={count}
      style={{ top: `${start}px`, height: `${rowHeight}px` }}
      onClick={() => props.onRowClick(i)}
      onPointerEnter={() => props.onRowHover(i)}
    >
      {props.row(i)}
    </div>
  ));
  return (
    <div
      ref={box}
      id={id}
      class="list"
      role="listbox"
      aria-label={props.label}
      aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
      tabIndex={0}
      onKeyDown={props.onKeyDown}
      onPointerLeave={() => props.onRowHover(-1)}
    >
      <div class="list-space" role="presentation" style={{ height: `${height}px` }}>
        {rows}
      </div>
    </div>
  );
}
