import { DEFAULT_NAME } from "../address.ts";
import { h } from "../kit/dom.ts";

/** The form that watches by name needs no script: it asks for `?watch=<name>`. */
export function watchByName(): HTMLFormElement {
  return h(
    "form",
    { class: "by-name", action: "./", method: "get" },
    h("label", { for: "watch-name" }, "Or by its name"),
    h(
      "div",
      { class: "field-row" },
      h("input", {
        id: "watch-name",
        name: "watch",
        required: true,
        maxlength: 64,
        pattern: "[A-Za-z0-9._\\-]{1,64}",
        title: "Letters, digits, dots, hyphens and underscores",
        placeholder: DEFAULT_NAME,
        autocomplete: "off",
        autocapitalize: "none",
        spellcheck: "false",
      }),
      h("button", { class: "button" }, "Watch"),
    ),
  );
}
