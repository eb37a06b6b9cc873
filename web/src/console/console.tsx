import { useEffect, useRef } from "preact/hooks";
import { closeConsole } from "../state";
import { CloseIcon, TerminalIcon } from "../ui/icons";
import { AnswerPanel } from "./answer";
import { type Kind, kindNames } from "./catalog";
import { type Catalog, catalog, chooseNone, followLink, loadCatalog, page, send } from "./desk";
import { KindIcon } from "./kind";
import { MethodsPanel } from "./methods";
import { RequestPanel } from "./request";
import "./console-request.css";
import "./console-answer.css";
import "./console.css";

followLink();
void loadCatalog();

/** Every method of every service, to be called. It lies over the map; on a phone it is the whole page. */
export function Console() {
  const element = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    element.current?.focus();
    return () => before instanceof HTMLElement && before.isConnected && before.focus();
  }, []);
  const shown = page.value;
  return (
    <main
      ref={element}
      class="card console"
      tabIndex={-1}
      aria-labelledby="console-title"
      data-page={shown ? "method" : "methods"}
      onKeyDown={(event) => {
        if (event.defaultPrevented) return;
        if (event.key === "Escape") closeConsole();
        else if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && shown) send(shown);
        else return;
        event.preventDefault();
      }}
    >
      <header>
        <TerminalIcon />
        <h1 id="console-title">Console</h1>
        <p class="dim">{contents(catalog.value)}</p>
        <button
          type="button"
          class="icon-button small"
          aria-label="Close the console"
          title="Close  Esc"
          onClick={closeConsole}
        >
          <CloseIcon />
        </button>
      </header>
      <div class="console-columns">
        <MethodsPanel />
        {shown ? (
          <>
            <RequestPanel key={shown.method.id} page={shown} onBack={chooseNone} />
            <AnswerPanel key={`${shown.method.id} answer`} page={shown} />
          </>
        ) : (
          <section class="console-none empty">
            <TerminalIcon />
            <h2>Call any method</h2>
            <p>Choose one on the left. Its form is made from what the server says about itself.</p>
            <ul>
              {Object.entries(kindNames).map(([kind, name]) => (
                <li key={kind}>
                  <KindIcon kind={kind as Kind} /> {name}
                </li>
              ))}
            </ul>
          </section>
        )}
      </div>
    </main>
  );
}

function contents(known: Catalog): string {
  if (known.kind !== "ready") return "";
  const methods = known.groups.reduce((sum, group) => sum + group.methods.length, 0);
  return `${methods} methods of ${known.groups.length} services`;
}
