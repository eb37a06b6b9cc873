import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { QrCode } from "./qr";
import { words } from "./words";

const certificate = "/ca.pem";

/** Whether a host may be one of a local network: only there a server has an authority of its own. */
const isLocal = (host: string) => /^[\d.]+$|^\[|\.local$|^localhost$/.test(host);

/** How a phone comes to trust a server that has an authority of its own; nothing where it has none. */
export function Trust() {
  const needed = useSignal(false);
  useEffect(() => {
    if (location.protocol !== "https:" || !isLocal(location.hostname)) return;
    const left = new AbortController();
    fetch(certificate, { method: "HEAD", signal: left.signal }).then(
      (answer) => {
        needed.value = answer.ok;
      },
      () => {}, // the connection says that there is none
    );
    return () => left.abort();
  }, [needed]);
  if (!needed.value) return null;
  return (
    <details class="phones-trust">
      <summary>{words.trustTitle}</summary>
      <p>{words.trust}</p>
      <p>
        <a href={certificate}>{words.trustGet}</a>
      </p>
      <div class="phones-code">
        <QrCode text={new URL(certificate, location.href).href} label={words.trustCode} />
        <ul>
          <li>
            <b>iPhone</b>: {words.trustIPhone}
          </li>
          <li>
            <b>Android</b>: {words.trustAndroid}
          </li>
        </ul>
      </div>
    </details>
  );
}
