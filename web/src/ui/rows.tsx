// Lists of any length that have only the rows in sight in the document.
import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  type VirtualItem,
  Virtualizer,
} from "@tanstack/virtual-core";
import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";

export interface Window {
  readonly box: RefObject<HTMLDivElement | null>;
  /** Rows in sight and a few more. */
  readonly items: VirtualItem[];
  /** Pixels. */
  readonly height: number;
  /** Brings a row into sight. */
  show(index: number): void;
}

/** `heightOf` gives pixels. Rows of different heights need keys that say which is which when the list changes. */
export function useRows(count: number, heightOf: (index: number) => number, keyOf?: (index: number) => string): Window {
  const box = useRef<HTMLDivElement>(null);
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const options = {
    count,
    estimateSize: heightOf,
    ...(keyOf && { getItemKey: keyOf }),
    overscan: 6,
    getScrollElement: () => box.current,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => redraw(0),
  };
  const [rows] = useState(() => new Virtualizer<HTMLDivElement, HTMLElement>(options));
  rows.setOptions(options);
  useLayoutEffect(() => rows._didMount(), [rows]);
  useLayoutEffect(() => rows._willUpdate());
  return {
    box,
    items: rows.getVirtualItems(),
    height: rows.getTotalSize(),
    show: (index) => rows.scrollToIndex(index, { align: "auto" }),
  };
}

export interface RowsProps {
  readonly label: string;
  readonly count: number;
  /** Pixels. */
  readonly heightOf: (index: number) => number;
  /** What tells a row from others when the list changes. */
  readonly keyOf: (index: number) => string;
  readonly row: (index: number) => ComponentChildren;
  /** The last row is in sight. */
  readonly onEnd?: () => void;
}

/** A list of rows with buttons. The arrow keys go from the first button of a row to that of the next. */
export function Rows(props: RowsProps) {
  const { count, keyOf, onEnd } = props;
  const { box, items, height, show } = useRows(count, props.heightOf, (index) => keyOf(index));
  const wanted = useRef(-1);
  const last = items.at(-1)?.index ?? -1;

  useEffect(() => {
    if (count > 0 && last === count - 1) onEnd?.();
  }, [last, count, onEnd]);

  useEffect(() => {
    if (wanted.current < 0 || !focusRow(box.current, wanted.current)) return;
    wanted.current = -1;
  });

  function keys(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const row = (event.target as HTMLElement).closest<HTMLElement>("[data-index]");
    if (!step || !row || (event.target as HTMLElement).closest("input:not([type=checkbox])")) return;
    event.preventDefault();
    // Headings have no buttons.
    for (let i = Number(row.dataset.index) + step; i >= 0 && i < count; i += step) {
      if (focusRow(box.current, i)) return;
      if (items.some((item) => item.index === i)) continue;
      wanted.current = i;
      show(i);
      return;
    }
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys of its buttons come by here
    <div ref={box} class="rows-box" onKeyDown={keys}>
      <ul class="rows-space" aria-label={props.label} style={{ height: `${height}px` }}>
        {items.map((item) => (
          <li
            key={keyOf(item.index)}
            data-index={item.index}
            aria-posinset={item.index + 1}
            aria-setsize={count}
            style={{ top: `${item.start}px`, height: `${item.size}px` }}
          >
            {props.row(item.index)}
          </li>
        ))}
      </ul>
    </div>
  );
}

function focusRow(box: HTMLElement | null, index: number): boolean {
  const button = box?.querySelector<HTMLElement>(`[data-index="${index}"] button`);
  button?.focus();
  return button != null;
}
