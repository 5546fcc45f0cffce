import type { InspectedStream, Relay, RelayStats, SessionStats } from "eddy-hls";
import { html, nothing, type TemplateResult } from "lit-html";
import { DEFAULT_NAME, type InspectAddress, publishSearch } from "../address.ts";
import { explain } from "../kit/messages.ts";
import { poll } from "../kit/poll.ts";
import { type PageContext, View } from "../kit/view.ts";
import { words } from "../words/words.ts";
import { ChartsPanel } from "./charts-panel.ts";
import { FaultsPanel } from "./faults-panel.ts";
import { MiniPlayer } from "./mini-player.ts";
import { PlaylistPanel } from "./playlist-panel.ts";
import { makeReport } from "./report.ts";
import { ReportPanel } from "./report-panel.ts";
import { RequestLog } from "./request-log.ts";
import { RequestsPanel } from "./requests-panel.ts";
import { RingsPanel } from "./rings-panel.ts";
import { arrivalMs, delaysMs, Series, sourceRates } from "./series.ts";
import { SwarmPanel } from "./swarm-panel.ts";

const LOOK_EVERY_MS = 250;
const FIGURES_EVERY_MS = 1_000;
/** Slots of each rendition: more than any screen has room for. */
const NEWEST = 512;

interface Panels {
  readonly rings: RingsPanel;
  readonly playlist: PlaylistPanel;
  readonly requests: RequestsPanel;
  readonly charts: ChartsPanel;
  readonly swarm: SwarmPanel;
  readonly faults: FaultsPanel;
  readonly player: MiniPlayer;
  readonly report: ReportPanel;
}

type Problem = "notAnswering" | "off";

/** Looks into the relay while it works. */
export class InspectView extends View {
  readonly #signal: AbortSignal;
  readonly #log = new RequestLog();
  readonly #series = new Series();
  #relay: Relay | undefined;
  #panels: Panels | undefined;
  #name: string;
  #streams: readonly InspectedStream[] = [];
  #hasLooked = false;
  #problem: Problem | undefined;
  #session: SessionStats | undefined;
  #stopSession: (() => void) | undefined;
  #sources: { readonly atMs: number; readonly bytes: RelayStats["streams"][number]["sources"] } | undefined;
  #played = "";

  constructor({ main, relay, signal }: PageContext, { name }: InspectAddress) {
    super(main);
    this.#name = name;
    this.#signal = signal;
    this.draw();
    // Where there is none, the page says so.
    relay.then(
      (open) => this.#begin(open),
      () => undefined,
    );
  }

  override stats(): Readonly<Record<string, unknown>> {
    return {
      stream: this.#name,
      requests: this.#log.foreign.length,
      workerStarts: this.#log.starts.length,
      told: this.#panels?.faults.told ?? [],
      ...this.#panels?.player.figures,
    };
  }

  protected override template(): TemplateResult {
    const { inspect } = words;
    const panels = this.#panels;
    return html`<div class="inspect" data-state=${this.#streams.length > 0 ? "looking" : "empty"}>
      <div class="view-head">
        <h1>${inspect.title}</h1>
        ${this.#streams.length > 0 ? this.#choice() : nothing}
      </div>
      <p class="lead">${inspect.lead}</p>
      ${this.#problem === undefined ? nothing : html`<p class="inspect-problem" role="alert">${inspect[this.#problem]} ${this.#problem === "off" ? inspect.offHint : ""}</p>`}
      ${
        this.#streams.length === 0 || panels === undefined
          ? this.#hasLooked
            ? empty()
            : nothing
          : html`
              ${panels.rings.root}
              <div class="inspect-columns">${panels.player.root} ${panels.faults.root}</div>
              ${panels.requests.root} ${panels.playlist.root} ${panels.charts.root} ${panels.swarm.root} ${panels.report.root}
            `
      }
    </div>`;
  }

  #choice(): TemplateResult {
    const names = this.#streams.map(({ name }) => name);
    // What was asked for stands there while it is awaited: else the first one would look chosen, and could not be.
    const listed = this.#name === "" || names.includes(this.#name) ? names : [this.#name, ...names];
    return html`<label class="stream-choice">
      <span>${words.inspect.stream}</span>
      <select @change=${(event: Event) => this.#look((event.target as HTMLSelectElement).value)}>
        ${listed.map((name) => html`<option value=${name} ?selected=${name === this.#name}>${name}</option>`)}
      </select>
    </label>`;
  }

  #begin(relay: Relay): void {
    const signal = this.#signal;
    this.#relay = relay;
    this.#panels = {
      rings: new RingsPanel(relay, signal),
      playlist: new PlaylistPanel(signal),
      requests: new RequestsPanel(signal),
      charts: new ChartsPanel(this.#series, signal),
      swarm: new SwarmPanel(signal),
      faults: new FaultsPanel(relay, signal),
      player: new MiniPlayer(signal),
      report: new ReportPanel(() => this.#report(relay)),
    };
    signal.addEventListener("abort", () => this.#stopSession?.());
    poll({ everyMs: LOOK_EVERY_MS, signal, onlyShown: true }, () => this.#tried(() => this.#lookNow(relay)));
    poll({ everyMs: FIGURES_EVERY_MS, signal, onlyShown: true }, () => this.#tried(() => this.#figures(relay)));
  }

  async #lookNow(relay: Relay): Promise<void> {
    const { diagnostics } = relay;
    const [streams, trace] = await Promise.all([
      diagnostics.inspect(undefined, { newest: NEWEST }),
      diagnostics.trace(this.#log.last),
    ]);
    const hasChanged = streams.map(({ name }) => name).join() !== this.#streams.map(({ name }) => name).join();
    this.#log.take(trace);
    this.#streams = streams;
    this.#choose();
    if (hasChanged || !this.#hasLooked) {
      this.#hasLooked = true;
      this.draw();
    }
    const panels = this.#panels;
    if (panels === undefined || streams.length === 0) return;
    panels.rings.show(streams, this.#log.all);
    panels.requests.show(this.#log, this.#stream);
    const first = this.#stream?.renditions[0];
    if (first !== undefined) {
      const { nextId, floorId } = first;
      const version = [this.#log.last?.worker, this.#name, nextId, floorId, this.#stream?.ended].join();
      void panels.playlist.read(`${relay.base}${this.#name}/${first.id}/media.m3u8`, version);
    }
    panels.faults.show({
      name: this.#name,
      stream: this.#stream,
      playlist: panels.playlist.text,
      session: this.#session,
      isPublished: this.#stream?.ended === false && (this.#session === undefined || this.#session.role === "local"),
    });
  }

  /** What is asked for, or the first that is live. */
  #choose(): void {
    const names = this.#streams.map(({ name }) => name);
    const wanted =
      this.#name === "" ? (this.#streams.find(({ ended }) => !ended) ?? this.#streams[0])?.name : this.#name;
    if (wanted === undefined || !names.includes(wanted) || wanted === this.#played) return;
    this.#look(wanted);
  }

  #look(name: string): void {
    const relay = this.#relay;
    if (relay === undefined) return;
    this.#name = name;
    this.#played = name;
    history.replaceState(null, "", `?inspect=${encodeURIComponent(name)}`);
    this.#sources = undefined;
    this.#session = undefined;
    this.#stopSession?.();
    void this.#panels?.player.open(relay.url(name));
    relay.diagnostics
      .session(name, (stats) => {
        if (this.#name !== name) return;
        this.#session = stats;
        this.#panels?.swarm.show(stats);
      })
      .then((stop) => {
        if (this.#name === name && !this.#signal.aborted) this.#stopSession = stop;
        else stop();
      });
    this.#panels?.swarm.show(undefined);
    this.changed();
  }

  async #figures(relay: Relay): Promise<void> {
    const panels = this.#panels;
    const rendition = this.#stream?.renditions[0];
    if (panels === undefined || rendition === undefined) return;
    const { sources } = await relay.stats(this.#name);
    const nowMs = Date.now();
    const sinceMs = nowMs - 2 * FIGURES_EVERY_MS;
    const { latencyMs, bufferMs } = panels.player.figures;
    const arrival = arrivalMs(rendition, sinceMs);
    const peers = this.#session?.peers.flatMap(({ peer, partDelayMs }) =>
      partDelayMs === undefined ? [] : [[peer, partDelayMs] as const],
    );
    this.#series.add(nowMs, {
      ...(latencyMs === undefined ? {} : { latency: latencyMs / 1000 }),
      buffer: bufferMs / 1000,
      ...(arrival === undefined ? {} : { arrival }),
      ...delaysMs(this.#log.foreign, sinceMs),
      ...sourceRates(this.#sources?.bytes, sources, nowMs - (this.#sources?.atMs ?? nowMs)),
      ...(peers === undefined ? {} : { peers: new Map(peers) }),
    });
    this.#sources = { atMs: nowMs, bytes: sources };
    panels.charts.update();
    panels.player.changed();
  }

  async #report(relay: Relay): Promise<unknown> {
    const { playlist, player, faults } = this.#panels ?? {};
    return makeReport({
      atMs: Date.now(),
      userAgent: navigator.userAgent,
      stats: await relay.stats(),
      stream: this.#stream,
      playlist: playlist?.text ?? "",
      requests: this.#log.foreign,
      workerStarts: this.#log.starts,
      session: this.#session,
      player: { ...player?.figures },
      faults: faults?.told ?? [],
    });
  }

  get #stream(): InspectedStream | undefined {
    return this.#streams.find(({ name }) => name === this.#name);
  }

  /** A worker that is silent is asked again; one that may not be looked into says so once. */
  async #tried(look: () => Promise<void>): Promise<void> {
    let problem: Problem | undefined;
    try {
      await look();
    } catch (thrown) {
      const { code } = explain(thrown);
      // A stream that has just gone is told of at the next look.
      if (code === "stream-not-found") return;
      problem = code === "diagnostics-off" ? "off" : "notAnswering";
    }
    if (problem === this.#problem || this.#signal.aborted) return;
    this.#problem = problem;
    this.changed();
  }
}

function empty(): TemplateResult {
  const { none, noneHint, publish } = words.inspect;
  return html`<section class="panel inspect-empty">
    <h2>${none}</h2>
    <p class="soft">${noneHint}</p>
    <a class="button primary" href=${`./${publishSearch({ name: DEFAULT_NAME, source: "pattern" })}`}>${publish}</a>
  </section>`;
}
