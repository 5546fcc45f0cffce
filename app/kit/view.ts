import type { Relay, Seeding, Session } from "eddy-hls";
import { render, type TemplateResult } from "lit-html";

/** What the page lends the view that it shows. */
export interface PageContext {
  /** The view draws itself into it. */
  readonly main: HTMLElement;
  /** Rejects where there can be no relay; the page says that by itself. */
  readonly relay: Promise<Relay>;
  /** Aborted as the page is left: what has been started ends. */
  readonly signal: AbortSignal;
  /** The view has joined a stream, or sends one to others; undefined when that is over. */
  readonly shared: (session: Session | Seeding | undefined) => void;
}

/**
 * A piece of the page that draws itself into its element, and again when something changed. What is drawn follows from the fields alone; parts of it
 * that need no fields of their own are functions that give a template.
 */
export abstract class View<E extends HTMLElement = HTMLElement> {
  readonly root: E;
  #due = false;

  constructor(root: E) {
    this.root = root;
  }

  /** What there is to see now. */
  protected abstract template(): TemplateResult;

  /** Draws before the next turn of the page; many changes make one drawing. */
  readonly changed = (): void => {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => this.draw());
  };

  /** Draws at once, where what comes next needs the elements. */
  protected draw(): void {
    this.#due = false;
    render(this.template(), this.root);
  }

  /** Figures and state as plain data, for `window.eddy.stats()`. */
  stats(): Readonly<Record<string, unknown>> {
    return {};
  }
}
