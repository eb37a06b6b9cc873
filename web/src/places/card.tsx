import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { splitName } from "../features/features";
import { words as here } from "../features/words";
import { formatPoint } from "../geo";
import { source } from "../record/recorder";
import { addWaypoint, place, say, view } from "../state";
import { copyText } from "../ui/clipboard";
import { ChatIcon, CheckIcon, CloseIcon, CopyIcon, EditIcon, PinIcon, RouteIcon } from "../ui/icons";
import { details } from "./details";
import { addAt, edit } from "./editing";
import { PlaceSign } from "./sign";
import { kindOf, words } from "./words";

/** What stands beside the chosen place on the map. */
export function PlaceCard() {
  const chosen = place.value;
  if (!chosen) return null;
  const feature = details.value;
  const [title, detail] = splitName(chosen.name);
  const about = [feature?.category && kindOf(feature.category), detail].filter(Boolean).join(" · ");
  return (
    <section class="place-card" aria-label={here.place}>
      <header>
        {feature?.category && <PlaceSign category={feature.category} size={30} />}
        <div>
          <h2 title={chosen.name || undefined}>{title || here.thisPlace}</h2>
          {about && <p>{about}</p>}
        </div>
        <button
          type="button"
          class="icon-button small"
          aria-label={here.close}
          onClick={() => {
            place.value = null;
          }}
        >
          <CloseIcon />
        </button>
      </header>
      {feature?.description && <p class="place-description">{feature.description}</p>}
      {feature && <Website address={feature.webAddress} />}
      <Coordinates text={formatPoint(chosen.point)} />
      <footer>
        <button
          type="button"
          class="button small primary note"
          onClick={() => {
            view.value = "chat";
          }}
        >
          <ChatIcon /> {here.chat}
        </button>
        <button
          type="button"
          class="button small"
          onClick={() => {
            addWaypoint(chosen);
            source.value = "drive";
            view.value = "record";
            say(here.stop(title ?? ""));
          }}
        >
          <RouteIcon /> {here.drive}
        </button>
        {feature && (
          <button type="button" class="button small" onClick={() => edit(feature)}>
            <EditIcon /> {words.edit}
          </button>
        )}
        {feature === null && (
          <button type="button" class="button small" onClick={() => addAt(chosen.point)}>
            <PinIcon /> {words.addHere}
          </button>
        )}
      </footer>
    </section>
  );
}

/** Whoever may edit may link anywhere: the page follows to the web only, and gives nothing away. */
function Website({ address }: { address: string }) {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (!url || !/^https?:$/.test(url.protocol)) return null;
  return (
    <a class="place-website" href={url.href} target="_blank" rel="noopener noreferrer nofollow" title={url.href}>
      {url.host}
    </a>
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
    say(copied.value ? here.copied : here.notCopied);
  }

  return (
    <button type="button" class={copied.value ? "coordinates copied" : "coordinates"} title={here.copy} onClick={copy}>
      <span>{text}</span>
      {copied.value ? <CheckIcon /> : <CopyIcon />}
      <span class="visually-hidden">{copied.value ? here.copyDone : here.copyVerb}</span>
    </button>
  );
}
