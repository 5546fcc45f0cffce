import { en } from "./en/en.ts";

/** Everything that is said to a person. A sentence that holds something is a function of it. */
export type Words = typeof en;

/** Loaded when chosen; a language that lacks a sentence does not compile. */
const LANGUAGES = {
  en: { name: "English", load: async (): Promise<Words> => en },
} as const satisfies Record<string, { readonly name: string; readonly load: () => Promise<Words> }>;

export type Language = keyof typeof LANGUAGES;

export const languages: readonly { readonly code: Language; readonly name: string }[] = Object.entries(LANGUAGES).map(
  ([code, { name }]) => ({ code: code as Language, name }),
);

/** The words of the language that is spoken. Read when something is said, not when a module loads. */
export let words: Words = en;

/** The language that a person chose, else the first of the browser's that there is. */
export function languageFor(chosen: string, accepted: readonly string[] = navigator.languages): Language {
  const wanted = [chosen, ...accepted.map((tag) => tag.split("-", 1)[0] ?? tag)];
  return wanted.find((code): code is Language => Object.hasOwn(LANGUAGES, code)) ?? "en";
}

/** Before anything is drawn. */
export async function speak(language: Language): Promise<void> {
  words = await LANGUAGES[language].load();
  document.documentElement.lang = language;
}
