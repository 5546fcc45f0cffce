import type { AnnotatedLine, RuleText } from "eddy-hls/core";
import { html, type TemplateResult } from "lit-html";
import { h } from "../kit/dom.ts";
import { View } from "../kit/view.ts";
import { words } from "../words/words.ts";
import { OWN_MARK } from "./request-log.ts";

type Rules = typeof import("eddy-hls/core");

interface Listed {
  readonly full: readonly AnnotatedLine[];
  readonly delta: readonly AnnotatedLine[];
}

const LISTS = ["full", "delta"] as const;
type ListName = (typeof LISTS)[number];

/** The Media Playlist and its delta update, each line with the rules that bear on it. */
export class PlaylistPanel extends View {
  #url = "";
  #text = "";
  #listed: Listed | undefined;
  #isHeld = false;
  #isLoading = false;
  #chosen: { readonly list: ListName; readonly line: number } | undefined;
  #rules: Rules | undefined;

  constructor() {
    super(h("section", { class: "panel", "aria-labelledby": "playlist-heading" }));
    this.draw();
  }

  /** As it was read last. */
  get text(): string {
    return this.#text;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Reads the playlist at `url`, and what has changed since the one before. */
  async read(url: string): Promise<void> {
    if (this.#isHeld || this.#isLoading) return;
    this.#isLoading = true;
    try {
      // With the validator, which no other view needs.
      this.#rules ??= await import("eddy-hls/core");
      const [full, delta] = await Promise.all([text(`${url}?${OWN_MARK}`), text(`${url}?_HLS_skip=YES&${OWN_MARK}`)]);
      if (full === undefined || delta === undefined || this.#isHeld) return;
      const before = this.#url === url && this.#text !== "" ? { before: this.#text } : {};
      if (full === this.#text && this.#url === url) return;
      const { annotatePlaylist } = this.#rules;
      const at = new URL(url, location.href).href;
      this.#listed = {
        full: annotatePlaylist(full, { url: at, ...before }),
        delta: delta.includes("#EXT-X-SKIP") ? annotatePlaylist(delta, { url: at }) : [],
      };
      this.#url = url;
      this.#text = full;
      this.changed();
    } finally {
      this.#isLoading = false;
    }
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
    const texts = this.#rules?.ruleTexts.filter(({ number }) => line.rules.includes(number)) ?? [];
    return html`<div class="rule-texts" role="status">
      <p><code>${line.text}</code></p>
      ${line.findings.map(({ rule, message }) => html`<p class="finding">${playlist.rule(rule)}: ${message}</p>`)}
      <ul>${texts.map(ruleText)}</ul>
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

function ruleText({ number, section, level, title, how }: RuleText): TemplateResult {
  const { playlist } = words.inspect;
  return html`<li><strong>${playlist.rule(number)}</strong> <span class="soft">${playlist.section(section, level)}</span>
    <p>${title}.</p><p class="soft">${playlist.checked(how)}</p></li>`;
}

function isBroken({ findings }: AnnotatedLine): boolean {
  return findings.length > 0;
}

async function text(url: string): Promise<string | undefined> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
  return response?.ok === true ? response.text() : undefined;
}
