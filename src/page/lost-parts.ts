/** Parts that are lost on purpose: the next of each rendition, but rather not one that a segment has to start with. */
export class LostParts {
  /** Whether a part that starts with a key frame was let through already, by rendition. */
  readonly #due = new Map<string, boolean>();

  /** The next part of these is lost. */
  lose(renditions: Iterable<string>): void {
    for (const rendition of renditions) this.#due.set(rendition, false);
  }

  /** Whether this part is lost. Where every part is independent, as of sound, the second is. */
  takes(rendition: string, independent: boolean): boolean {
    const hasPassed = this.#due.get(rendition);
    if (hasPassed === undefined) return false;
    if (independent && !hasPassed) {
      this.#due.set(rendition, true);
      return false;
    }
    return this.#due.delete(rendition);
  }
}
