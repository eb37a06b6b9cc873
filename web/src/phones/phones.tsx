import { useSignal } from "@preact/signals";
import { say, traveler } from "../state";
import { copyText } from "../ui/clipboard";
import { apps, isLoopback } from "./apps";
import "./phones.css";
import { QrCode } from "./qr";
import { Trust } from "./trust";
import { words } from "./words";

/** How to have a phone on the map: an app to choose, and its settings. */
export function Phones() {
  const name = useSignal(traveler.peek());
  const chosen = useSignal(0);
  const app = apps[chosen.value];
  const trimmed = name.value.trim();
  return (
    <div class="phones">
      <p>{words.intro}</p>
      {isLoopback(location.hostname) && (
        <p class="problem" role="note">
          {words.loopback}
        </p>
      )}
      <Trust />
      <label>
        {words.name}
        <input
          class="field"
          maxLength={64}
          value={name.value}
          onInput={(event) => {
            name.value = event.currentTarget.value;
          }}
        />
      </label>
      <label>
        {words.app}
        <select
          class="field"
          value={chosen.value}
          onChange={(event) => {
            chosen.value = event.currentTarget.selectedIndex;
          }}
        >
          {apps.map((each, index) => (
            <option key={each.id} value={index}>
              {each.name} ({each.systems})
            </option>
          ))}
        </select>
      </label>
      {trimmed === "" ? <p class="dim">{words.needsName}</p> : app && <Settings app={app} name={trimmed} />}
    </div>
  );
}

function Settings({ app, name }: { app: (typeof apps)[number]; name: string }) {
  const { settings, link } = app.setup(location.origin, name);
  return (
    <>
      {link && (
        <div class="phones-code">
          <QrCode text={link} label={words.code(app.name)} />
          <p>
            {words.scan} <a href={link}>{words.open}</a>
          </p>
        </div>
      )}
      <dl class="phones-settings">
        {settings.map(({ label, value, typed }) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              {typed ? <code>{value}</code> : value}
              {typed && (
                <button
                  type="button"
                  class="button small"
                  aria-label={words.copy(label)}
                  onClick={async () => say((await copyText(value)) ? words.copied : words.notCopied)}
                >
                  {words.copyVerb}
                </button>
              )}
            </dd>
          </div>
        ))}
      </dl>
      <p>
        <a href={app.home} target="_blank" rel="noreferrer">
          {words.get(app.name)}
        </a>
      </p>
    </>
  );
}
