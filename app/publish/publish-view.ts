import type { Relay } from "eddy-hls";
import { html, nothing, type TemplateResult } from "lit-html";
import { freeName, namesInUse, type PublishAddress } from "../address.ts";
import { clockTime } from "../kit/format.ts";
import { explainLink } from "../kit/link-trouble.ts";
import { explain, explainCode, isAbort } from "../kit/messages.ts";
import { NoticeBoard } from "../kit/notice.ts";
import { type PageContext, View } from "../kit/view.ts";
import { words } from "../words/words.ts";
import { beginsByItself, rememberLive } from "./begun-here.ts";
import { acceptDrops } from "./file-drop.ts";
import { goLive } from "./go-live.ts";
import { liveSearch, watchLink } from "./live-address.ts";
import { LiveDesk } from "./live-desk.ts";
import { LiveSession, type LiveSessionOptions } from "./live-session.ts";
import type { PublishSettings } from "./publish-settings.ts";
import { SetupForm } from "./setup-form.ts";
import { type PublishSummary, summaryPanel } from "./summary.ts";

type PublishState = "idle" | "starting" | "live" | "ending" | "over";

/** Publishes one stream: the form, then the desk of the live stream, then how it was. */
export class PublishView extends View {
  readonly #relay: Promise<Relay>;
  readonly #address: PublishAddress;
  readonly #context: PageContext;
  readonly #notices = document.createElement("div");
  readonly #problems = new NoticeBoard(this.#notices);
  readonly #form: SetupForm;
  #state: Exclude<PublishState, "ending"> = "idle";
  #starting: AbortController | undefined;
  #session: LiveSession | undefined;
  #desk: LiveDesk | undefined;
  #summary: PublishSummary | undefined;
  /** What has just changed, for who does not see it. */
  #said = "";

  constructor(context: PageContext, address: PublishAddress) {
    super(context.main);
    this.#relay = context.relay;
    this.#address = address;
    this.#context = context;
    this.#notices.className = "notices";
    const { signal } = context;
    this.#form = new SetupForm({
      address,
      name: address.name || freeName([]),
      signal,
      onSubmit: () => void this.#goLive(),
      onCancel: () => this.#starting?.abort(),
    });
    this.draw();
    acceptDrops(document.body, { signal, take: (files) => this.#takeFiles(files) });
    window.addEventListener("beforeunload", (event) => {
      if (this.#state === "starting" || this.#state === "live") event.preventDefault();
    });
    this.#begin(address);
  }

  override stats(): Readonly<Record<string, unknown>> {
    return { state: this.#shownState, ...this.#session?.stats };
  }

  get #shownState(): PublishState {
    return this.#session?.task === "end" ? "ending" : this.#state;
  }

  protected override template(): TemplateResult {
    const session = this.#session;
    const say = words.publish;
    return html`<div class="publish" data-state=${this.#shownState}>
      <div class="view-head">
        <h1 class="stream-title" tabindex="-1">${session?.name ?? say.title}</h1>
        ${
          session === undefined
            ? nothing
            : html`<span class="badge badge-live" ?data-paused=${session.capture.paused}>${session.capture.paused ? say.paused : say.live}</span>
                <span class="timer" role="timer" data-figure="elapsed" data-value=${session.stats?.elapsedMs ?? 0}>${clockTime(session.stats?.elapsedMs ?? 0)}</span>`
        }
      </div>
      ${this.#notices}
      ${this.#desk?.root ?? (this.#summary === undefined ? this.#form.root : summaryPanel(this.#summary, this.#again))}
      <p class="visually-hidden" role="status">${this.#said}</p>
    </div>`;
  }

  /** Starts what the address asks for, or says what is missing. */
  #begin(address: PublishAddress): void {
    const say = words.publish.hints;
    if (typeof VideoEncoder === "undefined") {
      this.#problems.show(explainCode("unsupported-browser", "expected WebCodecs (VideoEncoder)"), { tone: "warning" });
    }
    if (address.complaints.length > 0) {
      const cause = address.complaints.join(" ");
      const explanation = { code: "address", cause, remedy: say.checkChoices, detail: location.search };
      this.#problems.show(explanation, { tone: "warning" });
    } else if (address.name === "") {
      void this.#suggestFreeName(freeName([]));
    } else if (address.source === "file") {
      this.#form.hint(say.chooseFile);
    } else if (address.source === "screen") {
      this.#form.hint(say.chooseScreen);
    } else if (!beginsByItself({ source: address.source, sharing: this.#form.settings.sharing }, location.search)) {
      this.#form.hint(say.confirmSending);
    } else {
      void this.#goLive();
      return;
    }
    this.#form.show();
  }

  /** Only while the name in the form is still `name`: what a person has typed stays. */
  async #suggestFreeName(name: string): Promise<void> {
    try {
      const streams = await (await this.#relay).streams();
      if (this.#session === undefined && this.#form.settings.name === name) {
        this.#form.suggestName(freeName(namesInUse(streams), name));
      }
    } catch {
      // The page says elsewhere that there is no relay; the name is only a suggestion.
    }
  }

  async #goLive(): Promise<void> {
    if (this.#state !== "idle") return;
    const { settings } = this.#form;
    this.#problems.clear();
    const starting = new AbortController();
    this.#starting = starting;
    this.#enter("starting");
    this.#form.hint(words.publish.starting[settings.source.kind]);
    const granted = this.#form.picker.take();
    this.#form.hide();
    try {
      const { signal } = starting;
      const begun = await goLive({ settings, granted, address: this.#address, relay: this.#relay, signal });
      void this.#live(settings, begun);
    } catch (thrown) {
      const hadFocus = this.#hasFocus;
      this.#enter("idle");
      this.#form.hint(starting.signal.aborted ? words.publish.hints.calledOff : "");
      this.#form.show();
      if (!starting.signal.aborted && !isAbort(thrown)) this.#problems.show(explainLink(thrown, this.#address));
      if (hadFocus) this.#form.focusSubmit();
    }
  }

  /** From the first part to the last. */
  async #live(
    settings: PublishSettings,
    begun: Pick<LiveSessionOptions, "publication" | "tap" | "relay">,
  ): Promise<void> {
    const hadFocus = this.#hasFocus;
    const session = new LiveSession({
      settings,
      ...begun,
      onChanged: () => {
        this.#showAddress(session);
        this.#desk?.refresh();
        this.changed();
      },
      onSaid: (sentence) => this.#say(sentence),
      onProblem: (explanation, tone) => this.#problems.show(explanation, { tone }),
    });
    this.#session = session;
    this.#desk = new LiveDesk(session, watchLink(session, this.#address));
    this.#context.shared(session.seeding);
    this.#showAddress(session);
    this.#enter("live");
    this.#say(words.publish.said.live(session.name));
    if (hadFocus) this.root.querySelector("h1")?.focus({ preventScroll: true });

    let failure: unknown;
    try {
      await session.run();
    } catch (thrown) {
      failure = thrown;
    }
    await this.#over(session, failure);
  }

  #showAddress(session: LiveSession): void {
    const search = liveSearch(session, this.#address);
    if (search !== location.search) history.replaceState(null, "", search);
    rememberLive(search);
  }

  async #over(session: LiveSession, failure: unknown): Promise<void> {
    const { name, stats, relay } = session;
    const kept = await relay.stats(name).then(
      (found) => found.kept,
      () => undefined,
    );
    const wasAsked = session.task === "end";
    // The button that ended it is no longer to be pressed, and has lost the focus.
    const hadFocus = this.#hasFocus || document.activeElement === document.body;
    this.#context.shared(undefined);
    this.#desk?.close();
    this.#desk = undefined;
    this.#session = undefined;
    if (failure !== undefined) this.#problems.show(explain(failure));
    if (stats !== undefined) {
      this.#summary = {
        name,
        stats,
        how: failure !== undefined ? "failed" : wasAsked ? "asked" : "source",
        ...(kept === undefined ? {} : { kept }),
        isShared: session.seeding !== undefined,
      };
    }
    this.#enter("over");
    this.#say(words.publish.said.ended(name));
    if (hadFocus) this.root.querySelector<HTMLElement>("#summary-title")?.focus({ preventScroll: true });
  }

  /** Back to the form, as it was. */
  readonly #again = (): void => {
    const { name } = this.#form.settings;
    this.#summary = undefined;
    this.#problems.clear();
    this.#enter("idle");
    this.#form.hint("");
    this.#form.show();
    void this.#suggestFreeName(name);
    this.#form.focusSubmit();
  };

  #takeFiles(files: readonly File[]): void {
    if (this.#state === "starting") return;
    if (this.#state === "over") this.#again();
    if (this.#state === "idle") this.#form.picker.addFiles(files);
    else this.#desk?.offer(files);
    this.#say(words.publish.said.filesAdded(files.length));
  }

  get #hasFocus(): boolean {
    return this.root.contains(document.activeElement);
  }

  #say(sentence: string): void {
    this.#said = sentence;
    this.changed();
  }

  #enter(state: Exclude<PublishState, "ending">): void {
    this.#state = state;
    this.#form.busy = state === "starting";
    this.draw();
    const name = this.#session?.name;
    document.title = name === undefined ? words.common.title(words.publish.title) : words.common.title(`● ${name}`);
  }
}
