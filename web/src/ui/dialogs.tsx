import { signal, useSignalEffect } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { AddBasemap } from "../basemaps/choice";
import { words as basemapWords } from "../basemaps/words";
import { Phones } from "../phones/phones";
import { CallsTable } from "./calls";
import { CloseIcon } from "./icons";
import { shortcuts } from "./keyboard";
import { words } from "./words";

export type DialogName = "help" | "about" | "calls" | "phones" | "basemap";

/** Which dialog is open; write it to open one. */
export const dialog = signal<DialogName | null>(null);

export function Dialogs() {
  return (
    <>
      <Dialog name="help" title={words.keyboard}>
        <dl class="shortcuts">
          {shortcuts.map(([keys, what]) => (
            <div key={what}>
              <dt>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{words.shortcuts[what]}</dd>
            </div>
          ))}
        </dl>
      </Dialog>
      <Dialog name="about" title={words.aboutTitle}>
        <About />
      </Dialog>
      <Dialog name="phones" title={words.addPhone}>
        <Phones />
      </Dialog>
      <Dialog name="basemap" title={basemapWords.add}>
        <AddBasemap />
      </Dialog>
      <Dialog name="calls" title={words.calls} wide>
        <CallsTable />
      </Dialog>
    </>
  );
}

function Dialog(props: { name: DialogName; title: string; wide?: boolean; children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null);
  useSignalEffect(() => {
    const open = dialog.value === props.name;
    if (open && !element.current?.open) element.current?.showModal();
    if (!open && element.current?.open) element.current.close();
  });
  useEffect(() => {
    const box = element.current;
    const outside = (event: MouseEvent) => {
      if (event.target === box) box?.close();
    };
    box?.addEventListener("click", outside);
    return () => box?.removeEventListener("click", outside);
  }, []);
  const title = `${props.name}-title`;
  const open = dialog.value === props.name;
  return (
    <dialog
      ref={element}
      class={props.wide ? "card dialog wide" : "card dialog"}
      aria-labelledby={title}
      onClose={() => {
        if (dialog.peek() === props.name) dialog.value = null;
      }}
    >
      <div class="dialog-body">
        <header>
          <h2 id={title}>{props.title}</h2>
          <button
            type="button"
            class="icon-button small"
            aria-label={words.close}
            onClick={() => element.current?.close()}
          >
            <CloseIcon />
          </button>
        </header>
        {open && props.children}
      </div>
    </dialog>
  );
}

function About() {
  return (
    <div class="prose">
      <p>{words.aboutMap}</p>
      <p>
        <a href="/openapi/">{words.aboutRest}</a>
        {words.aboutCalls}
      </p>
      <p class="dim">
        {words.mapData}
        <a href="https://www.naturalearthdata.com">Natural Earth</a>, US Census Bureau and{" "}
        <a href="https://www.geonames.org">GeoNames</a> (
        <a href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a>). {words.labels}
      </p>
    </div>
  );
}
