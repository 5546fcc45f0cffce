import { html, type TemplateResult } from "lit-html";

/** Modules of white around the code, which readers need. */
const BORDER = 2;

export type QrPicture = (label: string) => TemplateResult;

/** The QR code of a text; what makes it is loaded when it is asked for. Throws where the text is too long for one. */
export async function qrPicture(text: string): Promise<QrPicture> {
  const { encode } = await import("uqr");
  const { data, size } = encode(text, { ecc: "M", border: BORDER });
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
  return (label) =>
    html`<svg viewBox="0 0 ${size} ${size}" role="img" aria-label=${label} shape-rendering="crispEdges"><path d=${path} /></svg>`;
}
