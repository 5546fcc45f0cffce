import { View } from "./view.ts";

/**
 * Something over the page that wants an answer, or is looked at and closed. Esc, and a click beside it, close it without an answer; the focus
 * goes back to where it was. What stands in it is drawn while it is open.
 */
export abstract class Dialog extends View<HTMLDialogElement> {
  /** `headingId` is that of the heading in its template. */
  constructor(headingId: string) {
    super(document.createElement("dialog"));
    this.root.className = "dialog";
    this.root.setAttribute("aria-labelledby", headingId);
    this.root.addEventListener("close", () => this.closed());
    // The backdrop belongs to the dialog: a press beside its content is one on the element itself.
    this.root.addEventListener("pointerdown", (event) => {
      if (event.target === this.root) this.close();
    });
  }

  get isOpen(): boolean {
    return this.root.open;
  }

  open(): void {
    if (this.isOpen) return;
    this.draw();
    this.root.showModal();
  }

  readonly close = (): void => this.root.close();

  /** It has been closed, however that came. */
  protected closed(): void {}
}
