import type { AnnotatedLine, RuleText } from "eddy-hls/core";
import { html, type TemplateResult } from "lit-html";
import { h } from "../kit/dom.ts";
import { words } from "../words/words.ts";
import { OWN_MARK } from "./request-log.ts";
import { SeenView } from "./seen-view.ts";

type Rules = typeof import("eddy-hls/core");

interface Listed {
  readonly full: readonly AnnotatedLine[];
  readonly delta: readonly AnnotatedLine[];
}

const LISTS = ["full", "delta"] as const;
type ListName = (typeof LISTS)[number];

/** The Media Playlist and its delta update, each line with the rules that bear on it. */
export class PlaylistPanel extends SeenView {
  #url = "";
  #text = "";
  #delta = "";
  #version = "";
  #before: { readonly before?: string } = {};
  #listed: Listed | undefined;
  #isHeld = false;
  #isLoading = false;
  #chosen: { readonly list: ListName; readonly line: number } | undefined;
  #rules: Rules | undefined;

  constructor(signal: AbortSignal) {
    super(h("section", { class: "panel", "aria-labelledby": "playlist-heading" }), signal);
    this.draw();
  }

  /** As it was read last. */
  get text(): string {
    return this.#text;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Reads the playlist at `url`, where it has changed: `version` is another then. */
  async read(url: string, version: string): Promise<void> {
    if (this.#isHeld || this.#isLoading || version === this.#version) return;
    this.#isLoading = true;
    try {
      const [full, delta] = await Promise.all([text(`${url}?${OWN_MARK}`), text(`${url}?_HLS_skip=YES&${OWN_MARK}`)]);
      // Whoever reads the lines sees no others.
      if (full === undefined || delta === undefined || this.#isHeld) return;
      this.#before = this.#url === url && this.#text !== "" ? { before: this.#text } : {};
      this.#url = url;
      this.#text = full;
      this.#delta = delta.includes("#EXT-X-SKIP") ? delta : "";
      this.#version = version;
      if (this.isSeen) await this.#annotate();
    } finally {
      this.#isLoading = false;
    }
  }

  protected override shown(): void {
    if (this.#text !== "") void this.#annotate();
  }

  /** Each list in a task of its own. */
  async #annotate(): Promise<void> {
    // With the validator, which no other view needs.
    this.#rules ??= await import("eddy-hls/core");
    const { annotatePlaylist } = this.#rules;
    const url = new URL(this.#url, location.href).href;
    const full = annotatePlaylist(this.#text, { url, ...this.#before });
    await anotherTask();
    const delta = this.#delta === "" ? [] : annotatePlaylist(this.#delta, { url });
    this.#listed = { full, delta };
    this.refresh();
  }

  protected override template(): TemplateResult {
    const { playlist } = words.inspect;
    const listed = this.#listed;
    const broken = listed === undefined ? 0 : [...listed.full, ...listed.delta].filter(isBroken).length;
    return html`
      <div class="panel-head">
        <h2 id="playlist-heading">${playlist.title}</h2>
        <button type="button" class="button small" aria-pressed=${this.#isHeld} @click=${() => this.#hold()}>
          ${this.#isHeld ? playlist.follow : playlist.hold}
        </button>
      </div>
      <p class="soft">${playlist.hint} <span class="playlist-verdict" data-broken=${broken}>${
        listed === undefined ? playlist.unavailable : broken === 0 ? playlist.holds : playlist.broken(broken)
      }</span></p>
      <div class="playlists">${LISTS.map((list) => this.#list(list))}</div>
      ${this.#chosenRules()}
    `;
  }

  #list(list: ListName): TemplateResult {
    const { playlist } = words.inspect;
    const lines = this.#listed?.[list] ?? [];
    const chosen = this.#chosen?.list === list ? this.#chosen.line : -1;
    const id = (line: number): string => `line-${list}-${line}`;
    return html`<div class="playlist">
      <h3>${playlist[list]}</h3>
      ${
        lines.length === 0
          ? html`<p class="soft">${list === "delta" && this.#listed !== undefined ? playlist.noDelta : playlist.unavailable}</p>`
          : html`<ol
              class="playlist-lines"
              role="listbox"
              tabindex="0"
              aria-label=${playlist.lines(playlist[list], lines.length)}
              aria-activedescendant=${chosen >= 0 ? id(chosen) : ""}
              data-list=${list}
              @keydown=${(event: KeyboardEvent) => this.#key(event, list)}
              @click=${(event: MouseEvent) => this.#click(event, list)}
            >
              ${lines.map(
                ({ text, rules, findings }, line) => html`<li
                  id=${id(line)}
                  role="option"
                  data-line=${line}
                  aria-selected=${line === chosen}
                  class=${findings.length > 0 ? "broken" : ""}
                ><code>${text}</code><span class="line-rules">${rules.join(" ")}</span></li>`,
              )}
            </ol>`
      }
    </div>`;
  }

  #chosenRules(): TemplateResult {
    const { playlist } = words.inspect;
    const line = this.#chosen && this.#listed?.[this.#chosen.list][this.#chosen.line];
    if (line === undefined) return html`<p class="soft rule-texts" role="status">${playlist.unchosen}</p>`;
    const texts = line.rules.map((number) => this.#rules?.ruleText(number)).filter((rule) => rule !== undefined);
    return html`<div class="rule-texts" role="status">
      <p><code>${line.text}</code></p>
      ${line.findings.map(({ rule, message }) => html`<p class="finding">${playlist.rule(rule)}: ${message}</p>`)}
      <ul>${texts.map(ruleItem)}</ul>
    </div>`;
  }

  #hold(): void {
    this.#isHeld = !this.#isHeld;
    this.draw();
  }

  #click(event: MouseEvent, list: ListName): void {
    const line = (event.target as HTMLElement).closest<HTMLElement>("[data-line]")?.dataset.line;
    if (line !== undefined) this.#choose(list, Number(line));
  }

  #key(event: KeyboardEvent, list: ListName): void {
    const total = this.#listed?.[list].length ?? 0;
    const at = this.#chosen?.list === list ? this.#chosen.line : -1;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: total - 1 }[event.key];
    if (to === undefined || total === 0) return;
    event.preventDefault();
    this.#choose(list, Math.max(0, Math.min(total - 1, to)));
  }

  #choose(list: ListName, line: number): void {
    this.#chosen = { list, line };
    // What is read does not slide away.
    this.#isHeld = true;
    this.draw();
    this.root.querySelector(`#line-${list}-${line}`)?.scrollIntoView({ block: "nearest" });
  }
}

function ruleItem({ number, section, level, title, how }: RuleText): TemplateResult {
  const { playlist } = words.inspect;
  return html`<li><strong>${playlist.rule(number)}</strong> <span class="soft">${playlist.section(section, level)}</span>
    <p>${title}.</p><p class="soft">${playlist.checked(how)}</p></li>`;
}

function isBroken({ findings }: AnnotatedLine): boolean {
  return findings.length > 0;
}

/** Undefined where it is not there, or was broken off: it is asked for again. */
async function text(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    return response.ok ? await response.text() : undefined;
  } catch {
    return undefined;
  }
}

function anotherTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
