// TSDoc comments as Markdown.

/** @typedef {import("@microsoft/tsdoc").DocNode} DocNode */

/** Where a link of a comment leads. @typedef {(name: string) => string | undefined} Resolve */

/** Text of a comment may hold what Markdown, or GitHub's HTML, would read as its own. @param {string} text */
function plain(text) {
  return text.replace(/[<>]/g, (sign) => (sign === "<" ? "&lt;" : "&gt;")).replace(/([*_|[\]])/g, "\\$1");
}

/** @param {DocNode} node @param {Resolve} resolve @returns {string} */
function inline(node, resolve) {
  switch (node.kind) {
    case "PlainText":
      return plain(/** @type {import("@microsoft/tsdoc").DocPlainText} */ (node).text);
    case "SoftBreak":
      return " ";
    case "CodeSpan":
      return `\`${/** @type {import("@microsoft/tsdoc").DocCodeSpan} */ (node).code}\``;
    case "EscapedText":
      return plain(/** @type {import("@microsoft/tsdoc").DocEscapedText} */ (node).decodedText);
    case "LinkTag": {
      const link = /** @type {import("@microsoft/tsdoc").DocLinkTag} */ (node);
      const name = link.codeDestination?.memberReferences.at(0)?.memberIdentifier?.identifier ?? "";
      const target = link.urlDestination ?? resolve(name);
      const text = link.linkText ?? (name === "" ? (link.urlDestination ?? "") : `\`${name}\``);
      return target === undefined ? text : `[${text}](${target})`;
    }
    default:
      return node
        .getChildNodes()
        .map((child) => inline(child, resolve))
        .join("");
  }
}

/**
 * Paragraphs and code of a section, each a block of lines.
 * @param {DocNode} section
 * @param {Resolve} resolve
 * @returns {string[]}
 */
function blocks(section, resolve) {
  /** @type {string[]} */
  const found = [];
  for (const node of section.getChildNodes()) {
    if (node.kind === "FencedCode") {
      const { language, code } = /** @type {import("@microsoft/tsdoc").DocFencedCode} */ (node);
      found.push(`\`\`\`${language}\n${code.trimEnd()}\n\`\`\``);
    } else {
      const text = inline(node, resolve).replace(/\s+/g, " ").trim();
      if (text !== "") found.push(text);
    }
  }
  return found;
}

/** What a block is introduced by. Others are plain text. */
const INTRODUCED = /** @type {Readonly<Record<string, string>>} */ ({
  "@throws": "Throws",
  "@see": "See",
  "@example": "Example:",
});

/**
 * The whole comment: what it is, then how it fails, examples, and where it comes from.
 * @param {import("@microsoft/tsdoc").DocComment | undefined} comment
 * @param {Resolve} resolve
 * @returns {string[]}
 */
export function commentBlocks(comment, resolve) {
  if (comment === undefined) return [];
  const found = blocks(comment.summarySection, resolve);
  if (comment.remarksBlock !== undefined) found.push(...blocks(comment.remarksBlock.content, resolve));
  for (const { parameterName, content } of comment.params.blocks) {
    found.push(`\`${parameterName}\`: ${blocks(content, resolve).join(" ")}`);
  }
  if (comment.returnsBlock !== undefined)
    found.push(`Returns ${blocks(comment.returnsBlock.content, resolve).join(" ")}`);
  for (const { blockTag, content } of [...comment.customBlocks, ...comment.seeBlocks]) {
    const [first = "", ...rest] = blocks(content, resolve);
    const introduction = INTRODUCED[blockTag.tagName] ?? "";
    const isCode = first.startsWith("```");
    found.push(...(isCode ? [introduction, first] : [`${introduction} ${first}`.trim()]), ...rest);
  }
  return found;
}
