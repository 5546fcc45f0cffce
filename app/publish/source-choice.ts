import type { SourceKind } from "../address.ts";
import { fileSize, isolated } from "../kit/format.ts";
import { words } from "../words/words.ts";

/** Where the media shall come from. */
export interface SourceChoice {
  readonly kind: SourceKind;
  /** Of a camera; empty for the browser's own choice. */
  readonly cameraId: string;
  readonly microphoneId: string;
  /** With sound: of the microphone, the screen, the file, or the pattern's tone. */
  readonly audio: boolean;
  /** Played in this order. */
  readonly files: readonly File[];
  /** Starts again at the end of the last file. */
  readonly loop: boolean;
}

export function initialChoice(kind: SourceKind): SourceChoice {
  return { kind, cameraId: "", microphoneId: "", audio: true, files: [], loop: true };
}

/** What a person calls it. */
export function sourceTitle({ kind, files }: SourceChoice): string {
  const [first] = files;
  if (kind !== "file" || first === undefined) return words.publish.sources[kind].name;
  return files.length === 1 ? first.name : words.publish.files.several(files.length);
}

export function fileLine({ name, size }: File): string {
  return `${isolated(name)} (${fileSize(size)})`;
}

/** The list with the entry at `index` one place further up (`-1`) or down (`1`), where there is one. */
export function moved<T>(list: readonly T[], index: number, by: -1 | 1): readonly T[] {
  const other = index + by;
  const [here, there] = [list[index], list[other]];
  if (here === undefined || there === undefined) return list;
  return list.map((each, at) => (at === index ? there : at === other ? here : each));
}
