import type { TemplateResult } from "lit-html";
import { vi } from "vitest";

/** Elements without a document. Beside it, `vi.mock("lit-html", …)` has to put `drawInto` in place of `render`. */
export function stubElements(): void {
  vi.stubGlobal("document", {
    createElement: () => ({
      setAttribute: () => undefined,
      append: () => undefined,
      classList: { add: () => undefined },
    }),
  });
}

const drawn = new WeakMap<object, unknown>();

export function drawInto(template: unknown, root: object): void {
  drawn.set(root, template);
}

/** What was drawn last, as it stands in the templates. */
export function textOf(root: object): string {
  return textIn(drawn.get(root));
}

/** Presses the button within the part of what was drawn that has this among its values. */
export function press(root: object, name: string): void {
  const part = templatesIn(drawn.get(root)).find(({ values }) => values.includes(name));
  const listener = part?.values.find((value) => typeof value === "function") as (() => void) | undefined;
  if (listener === undefined) throw new Error(`there is nothing to press by the name of ${name}`);
  listener();
}

function isTemplate(value: unknown): value is TemplateResult {
  return typeof value === "object" && value !== null && "strings" in value && "values" in value;
}

function textIn(value: unknown): string {
  if (Array.isArray(value)) return value.map(textIn).join("");
  if (isTemplate(value)) return value.strings.map((text, at) => `${text}${textIn(value.values[at])}`).join("");
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function templatesIn(value: unknown): readonly TemplateResult[] {
  if (Array.isArray(value)) return value.flatMap(templatesIn);
  return isTemplate(value) ? [value, ...value.values.flatMap(templatesIn)] : [];
}
