import { html, type TemplateResult } from "lit-html";
import type UPlot from "uplot";
import { h } from "../kit/dom.ts";
import { words } from "../words/words.ts";
import { lineOf } from "./chart-lines.ts";
import { SeenView } from "./seen-view.ts";
import type { Series, SeriesName } from "./series.ts";
import { peerName } from "./swarm-panel.ts";

const CHARTS = {
  latency: ["latency", "buffer"],
  arrivals: ["arrival"],
  delays: ["playlist", "media"],
  sources: ["page", "peer", "origin"],
} as const satisfies Record<string, readonly SeriesName[]>;
type ChartName = keyof typeof CHARTS;

const HEIGHT = 170;
/** Charts of the last two minutes. uPlot is loaded when they are first seen. */
export class ChartsPanel extends SeenView {
  readonly #series: Series;
  readonly #places = new Map<string, HTMLElement>();
  readonly #charts = new Map<string, UPlot>();
  #uPlot: typeof UPlot | undefined;
  #isLoading = false;
  #hasFailed = false;
  #peerKey = "";

  constructor(series: Series, signal: AbortSignal) {
    super(h("section", { class: "panel", "aria-labelledby": "charts-heading" }), signal);
    this.#series = series;
    for (const name of [...Object.keys(CHARTS), "peers"])
      this.#places.set(name, h("div", { class: "chart", "data-chart": name }));
    // In the next frame: a chart that grows while sizes are told would be told of again.
    const sized = new ResizeObserver(() => requestAnimationFrame(() => this.#resize()));
    sized.observe(this.root);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#restyle(), { signal });
    signal.addEventListener("abort", () => {
      sized.disconnect();
      this.#destroy();
    });
    this.draw();
  }

  /** The series has another point. */
  update(): void {
    if (this.isSeen) setTimeout(() => this.#paint());
  }

  protected override shown(): void {
    void this.#load();
  }

  #paint(): void {
    if (this.#uPlot === undefined) return;
    for (const [name, series] of Object.entries(CHARTS))
      this.#plot(
        name,
        series.map((one) => words.inspect.charts.series[one]),
        this.#series.columns(series),
      );
    const { names, columns } = this.#series.peers();
    // Who comes and goes makes another chart.
    if (names.join() !== this.#peerKey) {
      this.#charts.get("peers")?.destroy();
      this.#charts.delete("peers");
      this.#peerKey = names.join();
      this.changed();
    }
    if (names.length > 0) this.#plot("peers", names.map(peerName), columns);
  }

  protected override template(): TemplateResult {
    const { charts } = words.inspect;
    return html`
      <h2 id="charts-heading">${charts.title}</h2>
      <p class="soft">${this.#hasFailed ? charts.unavailable : charts.hint}</p>
      <div class="charts">
        ${[...this.#places].map(([name, place]) =>
          name === "peers" && this.#peerKey === ""
            ? ""
            : html`<figure><figcaption>${charts[name as ChartName | "peers"]}</figcaption>${place}</figure>`,
        )}
      </div>
    `;
  }

  async #load(): Promise<void> {
    if (this.#uPlot !== undefined || this.#isLoading) return this.update();
    this.#isLoading = true;
    try {
      const [{ default: uPlot }] = await Promise.all([import("uplot"), import("uplot/dist/uPlot.min.css")]);
      this.#uPlot = uPlot;
      this.#hasFailed = false;
    } catch {
      this.#hasFailed = true;
      this.changed();
    } finally {
      this.#isLoading = false;
    }
    this.update();
  }

  #plot(name: string, labels: readonly string[], data: [number[], ...(number | null)[][]]): void {
    const place = this.#places.get(name);
    if (place === undefined || this.#uPlot === undefined) return;
    const chart = this.#charts.get(name);
    if (chart !== undefined) chart.setData(data);
    else this.#charts.set(name, new this.#uPlot(this.#options(labels, place), data, place));
  }

  #options(labels: readonly string[], place: HTMLElement): UPlot.Options {
    const style = getComputedStyle(this.root);
    const token = (name: string): string => style.getPropertyValue(name).trim();
    const axis = { stroke: token("--ink-soft"), grid: { stroke: token("--line"), width: 1 }, ticks: { show: false } };
    return {
      width: Math.max(200, place.clientWidth),
      height: HEIGHT,
      pxAlign: false,
      cursor: { drag: { x: false, y: false } },
      scales: { y: { range: (_, __, most) => [0, Math.max(most ?? 0, 0.1) * 1.1] } },
      axes: [axis, { ...axis, size: 56 }],
      series: [
        {},
        ...labels.map((label, index) => ({
          label,
          stroke: token(lineOf(index).stroke),
          width: 2,
          dash: [...lineOf(index).dash],
          points: { show: false },
          value: (_: UPlot, value: number | null) => (value === null ? "–" : value.toFixed(value < 10 ? 2 : 0)),
        })),
      ],
    };
  }

  #resize(): void {
    for (const [name, chart] of this.#charts) {
      const width = Math.max(200, this.#places.get(name)?.clientWidth ?? 0);
      if (width !== chart.width) chart.setSize({ width, height: HEIGHT });
    }
  }

  #restyle(): void {
    this.#destroy();
    this.#paint();
  }

  #destroy(): void {
    for (const chart of this.#charts.values()) chart.destroy();
    this.#charts.clear();
  }
}
