import {
  type Capture,
  type CaptureOptions,
  type LivePublication,
  publishCapture,
  type Relay,
  startCapture,
} from "eddy-hls";
import { html, type TemplateResult } from "lit-html";
import { freeName, namesInUse, type PublishAddress, publishSearch } from "../address.ts";
import { h, setText } from "../kit/dom.ts";
import { clockTime, plural } from "../kit/format.ts";
import { peersFrom, relayFrom } from "../kit/join-sources.ts";
import { AppError, explain, explainWarning, isAbort } from "../kit/messages.ts";
import { NoticeBoard } from "../kit/notice.ts";
import { poll } from "../kit/poll.ts";
import { RateMeter } from "../kit/rate-meter.ts";
import { type PageContext, View } from "../kit/view.ts";
import { countedCapture, type SentCount } from "./counted-capture.ts";
import { LivePanel, type PublishStats } from "./live-panel.ts";
import { PartPreview } from "./part-preview.ts";
import { PublishForm, type PublishSettings } from "./publish-form.ts";

type PublishState = "idle" | "starting" | "live" | "ending";

const FIGURES_EVERY_MS = 1_000;

const STARTING: Readonly<Record<PublishSettings["source"], string>> = {
  pattern: "Starting the encoder.",
  camera: "Waiting for the camera. The browser may ask whether this page may use it.",
  screen: "Waiting for the choice of what to share.",
  file: "Reading the file.",
};

const SOURCE_TITLES: Readonly<Record<PublishSettings["source"], string>> = {
  pattern: "Test pattern",
  camera: "Camera",
  screen: "Screen",
  file: "File",
};

/** Publishes one stream: the form, then the panel of the live stream, then the form again. */
export class PublishView extends View {
  readonly #relay: Promise<Relay>;
  readonly #address: PublishAddress;
  readonly #context: PageContext;
  readonly #root = h("div", { class: "publish" });
  readonly #title = h("h1", { class: "stream-title", tabindex: -1 });
  readonly #badge = h("span", { class: "badge badge-live", hidden: true }, "Live");
  readonly #problems: NoticeBoard;
  readonly #body = h("div", {});
  readonly #form: PublishForm;
  readonly #formPanel: HTMLElement;
  #state: PublishState = "idle";
  #starting: AbortController | undefined;
  #preview: PartPreview | undefined;
  #stats: PublishStats | undefined;

  constructor(context: PageContext, address: PublishAddress) {
    super(context.main);
    this.#relay = context.relay;
    this.#address = address;
    this.#context = context;
    const problems = h("div", { class: "notices" });
    this.#problems = new NoticeBoard(problems);
    this.#form = new PublishForm(address, address.name || freeName([]), {
      submit: (settings) => void this.#goLive(settings),
      cancel: () => this.#starting?.abort(),
    });
    this.#formPanel = h("div", { class: "panel form-panel" }, this.#form.element);
    this.#root.append(h("div", { class: "view-head" }, this.#title, this.#badge), problems, this.#body);
    this.draw();
    this.#acceptDrops(context.signal);
    window.addEventListener("beforeunload", (event) => {
      if (this.#state !== "idle") event.preventDefault();
    });
    this.#enter("idle");
    this.#begin(address);
  }

  protected override template(): TemplateResult {
    return html`${this.#root}`;
  }

  override stats(): Readonly<Record<string, unknown>> {
    return { state: this.#state, ...this.#stats };
  }

  /** Starts what the address asks for, or says what is missing. */
  #begin(address: PublishAddress): void {
    if (address.complaints.length > 0) {
      this.#problems.show(
        {
          code: "address",
          cause: address.complaints.join(" "),
          remedy: "Nothing was started. Check the choices below and go live.",
          detail: location.search,
        },
        { tone: "warning" },
      );
    } else if (address.name === "") {
      void this.#suggestFreeName(freeName([]));
    } else if (address.source === "file") {
      this.#form.hint("Choose the file to publish; a page cannot take one by itself. Then go live.");
    } else if (address.source === "screen") {
      this.#form.hint("The browser shares a screen only after a click: go live, then choose what to share.");
    } else {
      void this.#goLive(this.#form.settings);
    }
  }

  /** Only while the name in the form is still `name`: what a person has typed stays. */
  async #suggestFreeName(name: string): Promise<void> {
    try {
      const streams = await (await this.#relay).streams();
      if (this.#state === "idle" && this.#form.settings.name === name) {
        this.#form.suggestName(freeName(namesInUse(streams), name));
      }
    } catch {
      // The page says elsewhere that there is no relay; the name is only a suggestion.
    }
  }

  async #goLive(settings: PublishSettings): Promise<void> {
    if (this.#state !== "idle") return;
    this.#problems.clear();
    const starting = new AbortController();
    this.#starting = starting;
    this.#enter("starting");
    this.#form.hint(STARTING[settings.source]);
    let capture: Capture | undefined;
    let publication: LivePublication;
    let counted: ReturnType<typeof countedCapture>;
    try {
      const { signal } = starting;
      // First, because a browser shares a screen only right after a click.
      capture = await Promise.race([startCapture({ ...captureOptions(settings), signal }), aborted(signal)]);
      const relay = await this.#relay;
      signal.throwIfAborted();
      await expectNoRecording(relay, settings.name);
      counted = countedCapture(capture, (bytes) => this.#preview?.push(bytes));
      const uplink = relayFrom(this.#address);
      publication = await publishCapture({
        relay,
        name: settings.name,
        capture: counted.capture,
        signal,
        // Who lets others watch has agreed to send.
        ...(settings.shared ? { peers: peersFrom(this.#address, "send") } : {}),
        ...(uplink === undefined ? {} : { uplink }),
      });
    } catch (thrown) {
      await capture?.stop().catch(() => undefined); // it never went live; what stopped the start is what counts
      const hadFocus = this.#root.contains(document.activeElement);
      this.#enter("idle");
      this.#form.hint(starting.signal.aborted ? "Called off. Nothing was published." : "");
      if (!starting.signal.aborted && !isAbort(thrown)) this.#problems.show(explain(thrown));
      if (hadFocus) this.#form.focusSubmit();
      return;
    }
    await this.#live(settings, publication, counted.sent);
  }

  /** From the first part to the last. */
  async #live(settings: PublishSettings, publication: LivePublication, sent: () => SentCount): Promise<void> {
    const { name, source } = settings;
    const since = performance.now();
    const over = new AbortController();
    const { signal, moq, server, certificate } = this.#address;
    const relay = {
      ...(moq === undefined ? {} : { moq }),
      ...(server === undefined ? {} : { server }),
      ...(certificate === undefined ? {} : { certificate }),
    };
    const { seeding } = publication.publisher;
    this.#context.shared(seeding);
    history.replaceState(
      null,
      "",
      publishSearch({
        name,
        source,
        partTargetMs: settings.partTargetMs,
        ...(settings.shared ? { peers: "on", ...(signal === undefined ? {} : { signal }) } : {}),
        ...relay,
      }),
    );
    const { preview, rendition, init } = publication.capture;
    const panel = new LivePanel({
      name,
      source: settings.file?.name ?? SOURCE_TITLES[source],
      preview,
      ...(seeding === undefined ? {} : { key: seeding.fingerprint }),
      ...(signal === undefined ? {} : { signal }),
      ...relay,
      peers: settings.shared,
      onEnd: () => {
        this.#enter("ending", name);
        panel.ending();
        // How it went is told by `ended`.
        publication.stop().catch(() => undefined);
      },
    });
    const hadFocus = this.#root.contains(document.activeElement);
    this.#body.replaceChildren(panel.element);
    if (preview === undefined) {
      const onFailed = (): void => panel.previewFailed();
      this.#preview = new PartPreview(panel.video, { codecs: rendition.codecs, init, onFailed });
    }
    this.#enter("live", name);
    if (hadFocus) this.#title.focus({ preventScroll: true });
    this.#listen(publication, over.signal);
    const rate = new RateMeter();
    poll({ everyMs: FIGURES_EVERY_MS, signal: over.signal }, async () => {
      const now = performance.now();
      const { parts, bytes } = sent();
      const { droppedFrames, lostParts } = publication.capture.stats;
      rate.sample(now, bytes * 8);
      this.#stats = {
        elapsedMs: now - since,
        bitsPerSecond: rate.perSecond,
        partsSent: parts,
        droppedFrames,
        lostParts,
        unacknowledged: publication.publisher.pending,
        ...(seeding === undefined ? {} : { sent: seeding.stats() }),
      };
      if (this.#state === "live") panel.show(this.#stats);
    });

    let failure: unknown;
    try {
      await publication.ended;
    } catch (thrown) {
      failure = thrown;
    }
    over.abort();
    this.#context.shared(undefined);
    this.#preview?.close();
    this.#preview = undefined;
    const asked = this.#state === "ending";
    const hadFocusAtEnd = this.#root.contains(document.activeElement);
    this.#enter("idle");
    const length = `${clockTime(performance.now() - since)}, ${plural(sent().parts, "part")}`;
    if (failure !== undefined) this.#problems.show(explain(failure));
    void this.#suggestFreeName(name);
    this.#form.hint(
      asked || failure !== undefined
        ? `“${name}” has ended after ${length}.`
        : `The source came to its end, and “${name}” with it, after ${length}.`,
    );
    if (hadFocusAtEnd) this.#form.focusSubmit();
  }

  /** Warnings of the capture, which goes on. */
  #listen(publication: LivePublication, signal: AbortSignal): void {
    publication.capture.addEventListener(
      "warning",
      ({ detail }) => this.#problems.show(explainWarning(detail.code, detail.message), { tone: "warning" }),
      { signal },
    );
  }

  #enter(state: PublishState, name?: string): void {
    this.#state = state;
    this.#root.dataset.state = state;
    const live = state === "live" || state === "ending";
    setText(this.#title, live && name !== undefined ? name : "Publish");
    this.#badge.hidden = !live;
    this.#form.busy = state === "starting";
    if (!live && !this.#formPanel.isConnected) this.#body.replaceChildren(this.#formPanel);
    document.title = live ? `● ${name} – Eddy` : "Publish – Eddy";
  }

  /** A file may be dropped anywhere on the page; beside it, the browser would open the file and leave. */
  #acceptDrops(signal: AbortSignal): void {
    const carriesFile = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") === true;
    const drag = (dragging: boolean): void => {
      this.#root.toggleAttribute("data-dragging", dragging && this.#state === "idle");
    };
    window.addEventListener(
      "dragover",
      (event) => {
        if (!carriesFile(event)) return;
        event.preventDefault();
        drag(true);
      },
      { signal },
    );
    window.addEventListener("dragleave", (event) => drag(event.relatedTarget !== null), { signal });
    window.addEventListener(
      "drop",
      (event) => {
        if (!carriesFile(event)) return;
        event.preventDefault();
        drag(false);
        const [file] = event.dataTransfer?.files ?? [];
        if (file !== undefined && this.#state === "idle") this.#form.setFile(file);
      },
      { signal },
    );
  }
}

/** Rejects when `signal` aborts: a question of the browser (may this page use the camera?) cannot be taken back. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** A stream that was ended is over: another one of its name takes its place, and what is kept of it with that. */
async function expectNoRecording(relay: Relay, name: string): Promise<void> {
  const found = (await relay.streams()).find((stream) => stream.name === name);
  if (found?.state !== "ended" || found.kept === undefined) return;
  throw new AppError("name-kept", `expected a name that is free, got "${name}", of which a recording is kept`);
}

function captureOptions(settings: PublishSettings): CaptureOptions {
  const { source, partTargetMs, audio, file, loop } = settings;
  const common = { partTargetMs, audio };
  if (source !== "file") return { ...common, source: { kind: source } };
  if (file === undefined) throw new AppError("no-file-chosen", "the source is a file, and none was chosen");
  return { ...common, source: { kind: "file", file, loop } };
}
