import { signal, useSignalEffect } from "@preact/signals";
import type { ComponentType } from "preact";
import { closeConsole, consoleLink, say } from "../state";

const Console = signal<ComponentType | null>(null);

/** Where the console is drawn. Its code comes when it is opened for the first time. */
export function ConsoleDoor() {
  useSignalEffect(() => {
    if (!consoleLink.value || Console.peek()) return;
    import("./console").then(
      (module) => {
        Console.value = module.Console;
      },
      () => {
        closeConsole();
        say("The console could not be loaded.");
      },
    );
  });
  if (!consoleLink.value) return null;
  if (Console.value) return <Console.value />;
  return (
    <main class="card console" aria-busy="true">
      <h1 class="visually-hidden">Console</h1>
    </main>
  );
}
