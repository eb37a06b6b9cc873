import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

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
  const box = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState({ top: 0, height: 600 });

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => setSeen({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, []);

  useEffect(() => {
    const element = box.current;
    if (!element || active < 0) return;
    const top = active * rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rowHeight > element.scrollTop + element.clientHeight)
      element.scrollTop = top + rowHeight - element.clientHeight;
  }, [active, rowHeight]);

  const first = Math.max(0, Math.floor(seen.top / rowHeight) - 4);
  const last = Math.min(count, Math.ceil((seen.top + seen.height) / rowHeight) + 4);
  const rows = [];
  for (let i = first; i < last; i++) {
    rows.push(
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
        style={{ top: `${i * rowHeight}px`, height: `${rowHeight}px` }}
        onClick={() => props.onRowClick(i)}
        onPointerEnter={() => props.onRowHover(i)}
      >
        {props.row(i)}
      </div>,
    );
  }
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
      <div class="list-space" role="presentation" style={{ height: `${count * rowHeight}px` }}>
        {rows}
      </div>
    </div>
  );
}
