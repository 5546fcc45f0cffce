import type { SessionPeer, SessionStats } from "eddy-hls";
import { html, svg, type TemplateResult } from "lit-html";
import { h } from "../kit/dom.ts";
import { fileSize } from "../kit/format.ts";
import { words } from "../words/words.ts";
import { SeenView } from "./seen-view.ts";

const WIDTH = 640;
const HEIGHT = 360;
/** Names are long, and their first characters tell them apart. */
const NAME_LENGTH = 6;

/** A name for a peer that says nothing of its address. */
export function peerName(peer: string): string {
  return peer.slice(0, NAME_LENGTH);
}

/** Whom this browser is connected to, and what goes over each connection. */
export class SwarmPanel extends SeenView {
  #stats: SessionStats | undefined;

  constructor(signal: AbortSignal) {
    super(h("section", { class: "panel", "aria-labelledby": "swarm-heading" }), signal);
    this.draw();
  }

  show(stats: SessionStats | undefined): void {
    this.#stats = stats;
    this.refresh();
  }

  protected override template(): TemplateResult {
    const { swarm } = words.inspect;
    const stats = this.#stats;
    if (stats === undefined || stats.role === "local")
      return html`<h2 id="swarm-heading">${swarm.title}</h2><p class="soft">${swarm.none}</p>`;
    const { peers, bytes, uploadedBytes, parts } = stats;
    return html`
      <h2 id="swarm-heading">${swarm.title}</h2>
      <p class="soft">${swarm.figures(fileSize(bytes.peer), fileSize(uploadedBytes), parts.missed)}</p>
      <svg class="swarm" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${swarm.label(peers.length)}>
        ${peers.map((peer, index) => spoke(peer, placeOf(index, peers.length)))}
        ${bytes.origin > 0 ? originNode() : ""}
        <circle class="swarm-me" cx=${WIDTH / 2} cy=${HEIGHT / 2} r="16"></circle>
        <text x=${WIDTH / 2} y=${HEIGHT / 2 + 34} text-anchor="middle">${swarm.me}</text>
      </svg>
      ${
        peers.length === 0
          ? html`<p class="soft">${swarm.alone}</p>`
          : html`<ul class="swarm-peers">${peers.map(peerLine)}</ul>`
      }
    `;
  }
}

interface Place {
  readonly x: number;
  readonly y: number;
}

function placeOf(index: number, total: number): Place {
  const angle = (index / Math.max(total, 1)) * 2 * Math.PI - Math.PI / 2;
  return { x: WIDTH / 2 + 250 * Math.cos(angle), y: HEIGHT / 2 + 130 * Math.sin(angle) };
}

function spoke({ peer, receiveBps, sendBps }: SessionPeer, { x, y }: Place): TemplateResult {
  const wide = (bps: number): number => Math.min(12, 1 + Math.sqrt(bps / 20_000));
  return svg`<g>
    <line class="swarm-in" x1=${x} y1=${y} x2=${WIDTH / 2} y2=${HEIGHT / 2} stroke-width=${wide(receiveBps)}></line>
    <line class="swarm-out" x1=${x + 4} y1=${y + 4} x2=${WIDTH / 2 + 4} y2=${HEIGHT / 2 + 4} stroke-width=${wide(sendBps)}></line>
    <circle class="swarm-peer" cx=${x} cy=${y} r="11"></circle>
    <text x=${x} y=${y + 26} text-anchor="middle">${peerName(peer)}</text>
  </g>`;
}

function originNode(): TemplateResult {
  const { origin } = words.inspect.swarm;
  return svg`<g>
    <line class="swarm-origin-line" x1="40" y1="30" x2=${WIDTH / 2} y2=${HEIGHT / 2}></line>
    <rect class="swarm-origin" x="24" y="18" width="32" height="22" rx="4"></rect>
    <text x="40" y="56" text-anchor="middle">${origin}</text>
  </g>`;
}

function peerLine({ peer, receiveBps, sendBps, roundTripMs, partDelayMs }: SessionPeer): TemplateResult {
  const { swarm } = words.inspect;
  return html`<li><strong>${peerName(peer)}</strong> ${swarm.rates(receiveBps / 1000, sendBps / 1000)}, ${swarm.delay(roundTripMs, partDelayMs)}</li>`;
}
