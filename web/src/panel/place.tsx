import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { splitName } from "../features";
import { formatPoint } from "../geo";
import { source } from "../recorder";
import { addWaypoint, place, say, view } from "../state";
import { copyText } from "./clipboard";
import { ChatIcon, CheckIcon, CloseIcon, CopyIcon, RouteIcon } from "./icons";

/** What stands beside the chosen place on the map. */
export function PlaceCard() {
  const chosen = place.value;
  if (!chosen) return null;
  const [title, detail] = splitName(chosen.name);
  return (
    <section class="place-card" aria-label="Chosen place">
      <header>
        <div>
          <h2 title={chosen.name || undefined}>{title || "This place"}</h2>
          {detail && <p>{detail}</p>}
        </div>
        <button
          type="button"
          class="icon-button small"
          aria-label="Close"
          onClick={() => {
            place.value = null;
          }}
        >
          <CloseIcon />
        </button>
      </header>
      <Coordinates text={formatPoint(chosen.point)} />
      <footer>
        <button
          type="button"
          class="button small primary note"
          onClick={() => {
            view.value = "chat";
          }}
        >
          <ChatIcon /> Chat here
        </button>
        <button
          type="button"
          class="button small"
          onClick={() => {
            addWaypoint(chosen);
            source.value = "drive";
            view.value = "record";
            say(`${title || "The place"} is a stop of the demo drive.`);
          }}
        >
          <RouteIcon /> Demo drive
        </button>
      </footer>
    </section>
  );
}

function Coordinates({ text }: { text: string }) {
  const copied = useSignal(false);
  useEffect(() => {
    if (!copied.value) return;
    const timer = setTimeout(() => {
      copied.value = false;
    }, 2000);
    return () => clearTimeout(timer);
  }, [copied.value]);

  async function copy(): Promise<void> {
    copied.value = await copyText(text);
    say(copied.value ? "Coordinates copied" : "This browser does not let the page copy.");
  }

  return (
    <button
      type="button"
      class={copied.value ? "coordinates copied" : "coordinates"}
      title="Copy the coordinates"
      onClick={copy}
    >
      <span>{text}</span>
      {copied.value ? <CheckIcon /> : <CopyIcon />}
      <span class="visually-hidden">{copied.value ? "copied" : "copy"}</span>
    </button>
  );
}
