import type { Fault, InspectedStream, Relay, SessionStats } from "eddy-hls";
import { html, type TemplateResult } from "lit-html";
import { h } from "../kit/dom.ts";
import { timeOfDay } from "../kit/format.ts";
import { explain } from "../kit/messages.ts";
import { View } from "../kit/view.ts";
import { words } from "../words/words.ts";
import { type Awaited, FaultWatch } from "./fault-watch.ts";
import { peerName } from "./swarm-panel.ts";

const OFFLINE_MS = 5_000;
const SLOW = { delayMs: 800, durationMs: 15_000 } as const;
const MAX_TOLD = 12;

export interface FaultScene {
  readonly name: string;
  readonly stream: InspectedStream | undefined;
  readonly playlist: string;
  readonly session: SessionStats | undefined;
  /** Bytes that the relay took from pages, which tells a stream that this browser publishes. */
  readonly isPublished: boolean;
}

/** Buttons that break something, and what came of it. */
export class FaultsPanel extends View {
  readonly #relay: Relay;
  readonly #signal: AbortSignal;
  #scene: FaultScene = { name: "", stream: undefined, playlist: "", session: undefined, isPublished: false };
  #watches: readonly FaultWatch[] = [];
  #told: readonly { readonly text: string; readonly atMs: number }[] = [];

  constructor(relay: Relay, signal: AbortSignal) {
    super(h("section", { class: "panel", "aria-labelledby": "faults-heading" }));
    this.#relay = relay;
    this.#signal = signal;
    this.draw();
  }

  /** What happened, oldest first. */
  get told(): readonly string[] {
    return this.#told.map(({ text, atMs }) => words.inspect.faults.at(timeOfDay(atMs), text));
  }

  show(scene: FaultScene): void {
    const before = this.#scene;
    this.#scene = scene;
    const nowMs = Date.now();
    this.#watches = this.#watches.filter((watch) => {
      const outcome = watch.look({ ...scene, nowMs });
      if (outcome === "seen") this.#tell(this.#seen(watch, nowMs));
      if (outcome === "too-late") this.#tell(words.inspect.faults.notBack);
      return outcome === undefined;
    });
    if (before.isPublished !== scene.isPublished || before.session?.peers.length !== scene.session?.peers.length)
      this.changed();
  }

  protected override template(): TemplateResult {
    const { faults } = words.inspect;
    const { isPublished, session } = this.#scene;
    const isJoined = session !== undefined && session.role !== "local";
    const peer = session?.peers[0]?.peer;
    return html`
      <h2 id="faults-heading">${faults.title}</h2>
      <p class="soft">${faults.hint}</p>
      <ul class="faults">
        ${button("restart", faults.restart, faults.restartHint, () => this.#restart())}
        ${button("gap", faults.gap, isPublished ? faults.gapHint : faults.notPublished, isPublished && (() => this.#break({ kind: "gap" }, "gap")))}
        ${button("discontinuity", faults.discontinuity, isPublished ? faults.discontinuityHint : faults.notPublished, isPublished && (() => this.#break({ kind: "discontinuity" }, "discontinuity")))}
        ${button("offline", faults.offline(OFFLINE_MS / 1000), isJoined ? faults.offlineHint : faults.notJoined, isJoined && (() => this.#offline()))}
        ${button("slow", faults.slow, isJoined ? faults.slowHint(peer && peerName(peer)) : faults.notJoined, peer !== undefined && (() => this.#break({ kind: "slow-peer", peer, ...SLOW })))}
      </ul>
      <h3>${faults.happened}</h3>
      <ol class="fault-log" aria-live="polite" aria-label=${faults.happened}>
        ${this.#told.length === 0 ? html`<li class="soft">${faults.nothing}</li>` : this.told.map((text) => html`<li>${text}</li>`)}
      </ol>
    `;
  }

  async #restart(): Promise<void> {
    const { faults } = words.inspect;
    // Before: what comes while it answers counts already.
    const watch = new FaultWatch("part", { ...this.#scene, nowMs: Date.now() });
    await this.#tried(async () => {
      const { droppedBytes, brokenOff, persistence } = await this.#relay.diagnostics.restart();
      this.#tell(faults.restarted(droppedBytes, brokenOff, persistence === "disk"));
      this.#watches = [...this.#watches, watch];
    });
  }

  async #offline(): Promise<void> {
    if (!(await this.#break({ kind: "offline", durationMs: OFFLINE_MS }))) return;
    setTimeout(() => {
      if (this.#signal.aborted) return;
      this.#tell(words.inspect.faults.online);
      this.#watches = [...this.#watches, new FaultWatch("part", { ...this.#scene, nowMs: Date.now() })];
    }, OFFLINE_MS);
  }

  /** Whether it is broken now. */
  async #break(fault: Fault, awaited?: Awaited): Promise<boolean> {
    const watch = awaited && new FaultWatch(awaited, { ...this.#scene, nowMs: Date.now() });
    return await this.#tried(async () => {
      await this.#relay.diagnostics.fault(this.#scene.name, fault);
      this.#tell(words.inspect.faults.told[fault.kind]);
      if (watch !== undefined) this.#watches = [...this.#watches, watch];
    });
  }

  async #tried(attempt: () => Promise<void>): Promise<boolean> {
    try {
      await attempt();
      return true;
    } catch (thrown) {
      const { cause, remedy } = explain(thrown);
      this.#tell(`${cause} ${remedy}`);
      return false;
    }
  }

  #seen({ awaited, sinceMs }: FaultWatch, nowMs: number): string {
    const { faults } = words.inspect;
    if (awaited === "gap") return faults.gapListed;
    return awaited === "discontinuity" ? faults.discontinuityListed : faults.back(nowMs - sinceMs);
  }

  #tell(text: string): void {
    this.#told = [...this.#told, { text, atMs: Date.now() }].slice(-MAX_TOLD);
    this.changed();
  }
}

/** One that cannot be pressed now says why beside it. */
function button(name: string, label: string, hint: string, press: false | (() => Promise<unknown>)): TemplateResult {
  return html`<li>
    <button type="button" class="button" data-fault=${name} aria-describedby=${`fault-${name}`} ?disabled=${press === false}
      @click=${() => press && void press()}>${label}</button>
    <p class="soft" id=${`fault-${name}`}>${hint}</p>
  </li>`;
}
