/** The first of the chosen files, as far as this browser plays it as it is. */
export class FilePicture {
  readonly video = document.createElement("video");
  readonly #changed: () => void;
  #file: File | undefined;
  #url: string | undefined;
  #failed = false;

  constructor(changed: () => void) {
    this.#changed = changed;
    this.video.controls = true;
    this.video.muted = true;
    this.video.playsInline = true;
    this.video.addEventListener("error", () => {
      if (this.#url === undefined) return;
      this.#failed = true;
      this.#changed();
    });
  }

  get playable(): boolean {
    return this.#url !== undefined && !this.#failed;
  }

  /** Undefined for none. */
  show(file: File | undefined): void {
    if (file === this.#file) return;
    this.#file = file;
    if (this.#url !== undefined) URL.revokeObjectURL(this.#url);
    this.#failed = false;
    this.#url = file && URL.createObjectURL(file);
    if (file === undefined || this.#url === undefined) this.video.removeAttribute("src");
    else {
      this.video.setAttribute("aria-label", file.name);
      this.video.src = this.#url;
    }
  }
}
