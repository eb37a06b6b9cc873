import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { say } from "../state";
import { copyText } from "../ui/clipboard";
import { CopyIcon } from "../ui/icons";
import { commandOf, grpcAddress, type Page } from "./desk";

/** The same call as a line for a shell. */
export function Copy({ page }: { page: Page }) {
  const copied = useSignal<string | null>(null);
  const shown = useRef<HTMLPreElement>(null);
  useEffect(() => shown.current?.scrollIntoView({ block: "nearest" }), [copied.value]);
  async function copy(tool: "curl" | "grpcurl"): Promise<void> {
    const command = commandOf(page, tool);
    if (typeof command === "string") {
      copied.value = null;
      say(command);
      return;
    }
    copied.value = command.line;
    say(
      (await copyText(command.line))
        ? `Copied as ${tool}`
        : "This browser does not let the page copy: take it from below.",
    );
  }
  return (
    <div class="console-copy">
      <div class="console-line">
        <h3>For a shell</h3>
        <span>
          <CopyButton onClick={() => copy("curl")} disabled={!page.method.operation}>
            Copy as curl
          </CopyButton>
          <CopyButton onClick={() => copy("grpcurl")}>Copy as grpcurl</CopyButton>
        </span>
      </div>
      {!page.method.operation && <p class="dim">This method has no REST path: curl cannot call it, grpcurl can.</p>}
      <label class="console-address dim">
        grpcurl asks native gRPC at
        <input
          class="field mono"
          autocomplete="off"
          spellcheck={false}
          value={grpcAddress.value}
          onChange={(event) => {
            grpcAddress.value = event.currentTarget.value.trim();
          }}
        />
      </label>
      {copied.value && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
        <pre ref={shown} class="mono console-command" tabIndex={0}>
          {copied.value}
        </pre>
      )}
    </div>
  );
}

function CopyButton(props: { onClick: () => Promise<void>; disabled?: boolean; children: ComponentChildren }) {
  return (
    <button type="button" class="button small" disabled={props.disabled ?? false} onClick={() => void props.onClick()}>
      <CopyIcon /> {props.children}
    </button>
  );
}
