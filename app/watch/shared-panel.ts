import type { SessionPeer, SessionStats } from "eddy-hls";
import { html, nothing, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { figureList } from "../kit/figure-list.ts";
import { bitrate, count, fileSize, kilobits } from "../kit/format.ts";
import { relaySentence, sharedSentence, uploadSentence } from "../kit/shared-sentences.ts";
import { words } from "../words/words.ts";

/** Where a joined stream comes from, and what this browser does for others. */
export function sharedPanel(
  stats: SessionStats,
  { hasOrigin, allow }: { readonly hasOrigin: boolean; readonly allow: (given: boolean) => void },
): TemplateResult {
  const { shared } = words.watch;
  const { bytes, peers, uploadedBytes, upload, signalling, relay } = stats;
  const failure = stats.failures.at(-1);
  const received = bytes.peer + bytes.origin;
  const share = (part: number): string => (received === 0 ? "–" : `${Math.round((100 * part) / received)} %`);
  const sendBps = peers.reduce((sum, peer) => sum + peer.sendBps, 0);
  const mayUpload = upload !== "no-consent" && upload !== "off" && upload !== "receive-only";
  return html`
    <details class="panel watch-panel shared" open>
      <summary><h2>${shared.title}</h2></summary>
      <p class="soft" role="status">${sharedSentence(stats, hasOrigin)}</p>
      ${relay === undefined ? nothing : html`<p class="soft" role="status">${relaySentence(relay, "received")}</p>`}
      ${figureList(shared.label, [
        {
          key: "peer-share",
          label: shared.fromViewers,
          hint: shared.fromViewersHint,
          text: share(bytes.peer),
          value: bytes.peer,
        },
        { key: "origin-share", label: shared.fromServer, text: share(bytes.origin), value: bytes.origin },
        { key: "peers", label: shared.connected, text: count(peers.length), value: peers.length },
        { key: "uploaded", label: shared.passedOn, text: fileSize(uploadedBytes), value: uploadedBytes },
        { key: "upload-rate", label: shared.passedOnNow, text: kilobits(sendBps), value: sendBps },
      ])}
      ${peers.length === 0 ? nothing : peerTable(peers)}
      ${failure === undefined || peers.length > 0 ? nothing : html`<p class="note">${shared.failed(failure.message)}</p>`}
      ${
        signalling === "off" && upload === "off"
          ? nothing
          : html`
            <div class="shared-upload">
              <label class="check">
                <input
                  type="checkbox" .checked=${live(mayUpload)} ?disabled=${upload === "receive-only"}
                  @change=${(event: Event) => allow((event.target as HTMLInputElement).checked)}
                />${shared.allow}
              </label>
              <p class="note">${uploadSentence(stats)}</p>
            </div>`
      }
    </details>`;
}

function peerTable(peers: readonly SessionPeer[]): TemplateResult {
  const { shared } = words.watch;
  return html`
    <table class="peers">
      <caption class="visually-hidden">${shared.viewers}</caption>
      <thead>
        <tr><th scope="col">${shared.viewer}</th><th scope="col">${shared.distance}</th><th scope="col">${shared.received}</th><th scope="col">${shared.sent}</th></tr>
      </thead>
      <tbody>
        ${peers.map(
          ({ peer, roundTripMs, receiveBps, sendBps, receivedBytes, sentBytes }) => html`
            <tr>
              <th scope="row">${String(peer).slice(0, 4)}</th>
              <td>${roundTripMs === undefined ? shared.notMeasured : `${Math.round(roundTripMs)} ms`}</td>
              <td title=${fileSize(receivedBytes)}>${bitrate(receiveBps)}</td>
              <td title=${fileSize(sentBytes)}>${bitrate(sendBps)}</td>
            </tr>`,
        )}
      </tbody>
    </table>`;
}
