import {
  type InspectedRendition,
  type InspectedStream,
  type Relay,
  SLOT_IN_DVR,
  SLOT_IN_RING,
  SLOT_INDEPENDENT,
  SLOT_LISTED,
  SLOT_SOURCES,
  SLOT_STORED,
} from "eddy-hls";
import { html, type TemplateResult } from "lit-html";
import { h } from "../kit/dom.ts";
import { words } from "../words/words.ts";
import { type LoggedRequest, readNow } from "./request-log.ts";
import { RingCanvas } from "./ring-canvas.ts";
import { SeenView } from "./seen-view.ts";
import { type Colours, legend, readColours } from "./slot-colours.ts";
import { stateOf } from "./slot-grid.ts";

/** A read lasts less than a millisecond, and is to be seen. */
const READ_SHOWN_MS = 500;

interface Chosen {
  readonly stream: string;
  readonly rendition: string;
  readonly id: number;
  readonly hash?: string | undefined;
}

interface Ring {
  readonly canvas: RingCanvas;
  stream: string;
  rendition: InspectedRendition;
}

/** Every ring of the relay, slot by slot. */
export class RingsPanel extends SeenView {
  readonly #relay: Relay;
  readonly #signal: AbortSignal;
  readonly #rings = new Map<string, Ring>();
  #colours: Colours | undefined;
  #chosen: Chosen | undefined;

  constructor(relay: Relay, signal: AbortSignal) {
    super(h("section", { class: "panel", "aria-labelledby": "rings-heading" }), signal);
    this.#relay = relay;
    this.#signal = signal;
    this.draw();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#recolour(), { signal });
  }

  show(streams: readonly InspectedStream[], requests: readonly LoggedRequest[]): void {
    const nowMs = Date.now();
    const known = new Set<string>();
    let isSame = true;
    for (const { name, renditions } of streams) {
      for (const rendition of renditions) {
        const key = `${name}/${rendition.id}`;
        known.add(key);
        isSame = this.#rings.has(key) && isSame;
        const ring = this.#ring(key, name, rendition);
        ring.rendition = rendition;
        ring.canvas.show({
          rendition,
          reads: readNow(requests, { stream: name, rendition: rendition.id, nowMs, withinMs: READ_SHOWN_MS }),
          waiting: rendition.waits.length > 0,
        });
      }
    }
    for (const key of this.#rings.keys()) if (!known.has(key)) isSame = !this.#rings.delete(key);
    // The canvases draw by themselves; what is written beside them changes with each part.
    if (isSame) this.refresh();
    else this.draw();
  }

  protected override template(): TemplateResult {
    const { title, hint } = words.inspect.rings;
    return html`
      <h2 id="rings-heading">${title}</h2>
      <p class="soft">${hint}</p>
      ${[...this.#rings.values()].map((ring) => this.#drawn(ring))}
      ${this.#details()} ${legend()}
    `;
  }

  #drawn({ stream, rendition, canvas }: Ring): TemplateResult {
    const { figures, waits } = words.inspect.rings;
    const { flags, sizesBytes } = rendition.slots;
    let used = 0;
    let sizeBytes = 0;
    for (let column = 0; column < flags.length; column++) {
      if (!((flags[column] ?? 0) & SLOT_IN_RING)) continue;
      used += 1;
      sizeBytes += sizesBytes[column] ?? 0;
    }
    const waiting = rendition.waits.reduce((sum, { requests }) => sum + requests, 0);
    return html`<div class="ring-row" data-ring=${`${stream}/${rendition.id}`} data-filled=${used}>
      <p class="ring-name"><strong>${stream}</strong> / ${rendition.id}</p>
      <p class="soft ring-figures">${figures(used, rendition.capacity, sizeBytes, rendition.evicted)}; ${waits(waiting)}</p>
      ${canvas.canvas}
    </div>`;
  }

  #details(): TemplateResult {
    const { slot } = words.inspect.rings;
    const chosen = this.#chosen;
    const found = chosen && this.#rings.get(`${chosen.stream}/${chosen.rendition}`)?.rendition;
    const column = chosen === undefined || found === undefined ? -1 : chosen.id - found.slots.firstId;
    if (chosen === undefined || found === undefined || !((found.slots.msns[column] ?? 0) > 0))
      return html`<p class="soft slot-details" role="status">${slot.nothing}</p>`;
    const { slots } = found;
    const flags = slots.flags[column] ?? 0;
    const state = stateOf(flags);
    const media = state === "ring" && flags & SLOT_STORED ? slot.ringAndDisk : slot[state];
    const source = SLOT_SOURCES[slots.sources[column] ?? 0] ?? "unknown";
    const facts: readonly (readonly [string, string])[] = [
      [slot.msn, String(slots.msns[column])],
      [slot.part, String(slots.parts[column])],
      [slot.id, String(chosen.id)],
      [slot.size, slot.bytes(slots.sizesBytes[column] ?? 0)],
      [slot.duration, slot.ms(slots.durationsMs[column] ?? 0)],
      [slot.independent, flags & SLOT_INDEPENDENT ? slot.yes : slot.no],
      [slot.state, media],
      [slot.source, words.inspect.rings.legend[source]],
      [slot.listed, flags & SLOT_LISTED ? slot.live : flags & SLOT_IN_DVR ? slot.dvr : slot.unlisted],
      ...(chosen.hash === undefined ? [] : [[slot.hash, chosen.hash] as const]),
    ];
    return html`<div class="slot-details" role="status">
      <dl class="facts">${facts.map(([term, text]) => html`<div><dt>${term}</dt><dd>${text}</dd></div>`)}</dl>
      ${
        state === "ring" && chosen.hash === undefined
          ? html`<button type="button" class="button small" @click=${() => void this.#readHash(chosen)}>${slot.readHash}</button>`
          : ""
      }
    </div>`;
  }

  #ring(key: string, stream: string, rendition: InspectedRendition): Ring {
    const known = this.#rings.get(key);
    if (known !== undefined) return known;
    const canvas = new RingCanvas(
      words.inspect.rings.label(stream, rendition.id),
      () => this.#now(),
      (id) => this.#choose(id === undefined ? undefined : { stream, rendition: rendition.id, id }),
    );
    canvas.watch(this.#signal);
    const ring: Ring = { canvas, stream, rendition };
    this.#rings.set(key, ring);
    return ring;
  }

  #choose(chosen: Chosen | undefined): void {
    if (chosen?.id === this.#chosen?.id && chosen?.stream === this.#chosen?.stream) return;
    this.#chosen = chosen;
    for (const ring of this.#rings.values()) {
      const isHere = ring.stream === chosen?.stream && ring.rendition.id === chosen.rendition;
      ring.canvas.chosen = isHere ? chosen?.id : undefined;
    }
    this.changed();
  }

  async #readHash(chosen: Chosen): Promise<void> {
    const { stream, rendition, id } = chosen;
    const hash = await this.#relay.diagnostics.hash(stream, rendition, id).catch(() => undefined);
    if (this.#chosen !== chosen) return;
    this.#chosen = { ...chosen, hash: hash ?? words.inspect.rings.slot.noHash };
    this.changed();
  }

  #now(): Colours {
    this.#colours ??= readColours(this.root);
    return this.#colours;
  }

  #recolour(): void {
    this.#colours = undefined;
    for (const { canvas } of this.#rings.values()) canvas.draw();
  }
}
