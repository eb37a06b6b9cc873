// The page that shows the REST interface and lets it be tried, made of Swagger UI. It needs nothing from elsewhere.
import { effect } from "@preact/signals";
import showSwagger from "swagger-ui-dist/swagger-ui-es-bundle.js";
import { applyTheme, shade } from "../src/ui/theme";
import { keepAccessible } from "./accessible";
import "swagger-ui-dist/swagger-ui.css";
import "../src/ui/tokens.css";
import "./docs.css";

applyTheme();
effect(() => {
  document.documentElement.classList.toggle("dark-mode", shade.value === "dark");
});

const docs = document.getElementById("docs");
if (docs) keepAccessible(docs);

const ui = showSwagger({
  url: "/openapi/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  displayRequestDuration: true,
  // Without this it asks a server elsewhere whether the document is valid.
  validatorUrl: null,
});
void offerServers();

/** Lets one choose between the documents of this server and of those behind it, if there are any. */
async function offerServers(): Promise<void> {
  const select = document.querySelector<HTMLSelectElement>("#server");
  const answer = await fetch("/openapi/servers.json");
  if (!select || !answer.ok) return;
  const others: { name: string; url: string }[] = await answer.json();
  for (const { name, url } of others) select.add(new Option(name === "*" ? "Other services" : name, url));
  select.hidden = others.length === 0;
  select.addEventListener("change", () => {
    ui.specActions.updateUrl(select.value);
    ui.specActions.download(select.value);
  });
}
