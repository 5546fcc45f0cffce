import { html, nothing, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import type { Preferences } from "../kit/preferences.ts";
import { words } from "../words/words.ts";
import type { Sharing } from "./sharing.ts";

/** Whom the stream is for. Nothing leaves this browser before somebody agreed to it here, or opened an address that says so. */
export function sharingField(
  sharing: Sharing,
  { peersMode }: Pick<Preferences, "peersMode">,
  change: (changes: Partial<Sharing>) => void,
): TemplateResult {
  const say = words.publish.sharing;
  const typed = ({ target }: Event): void => {
    if (target instanceof HTMLInputElement) change({ relayUrl: target.value });
  };
  const givesNothing = peersMode === "off" || peersMode === "receive-only";
  return html`<fieldset class="sharing">
    <legend>${say.legend}</legend>
    <label class="check">
      <input type="checkbox" id="peers" aria-describedby="peers-note" .checked=${live(sharing.peers)} @change=${() => change({ peers: !sharing.peers })} />
      ${say.peers}
    </label>
    <p class="note" id="peers-note">${sharing.peers ? say.peersOn : say.peersOff}</p>
    ${sharing.peers && givesNothing ? html`<p class="note">${say.peersForbidden} <a href="./?settings" target="_blank">${say.settings}</a></p>` : nothing}
    <label class="check">
      <input type="checkbox" id="to-relay" aria-describedby="relay-note" .checked=${live(sharing.toRelay)} @change=${() => change({ toRelay: !sharing.toRelay })} />
      ${say.relay}
    </label>
    ${
      sharing.toRelay
        ? html`<input id="relay-url" type="url" required inputmode="url" autocomplete="off" placeholder="https://relay.example/" aria-label=${say.relayUrl}
            aria-describedby="relay-note" .value=${live(sharing.relayUrl)} @input=${typed} />`
        : nothing
    }
    <p class="note" id="relay-note">${say.relayNote}</p>
  </fieldset>`;
}
