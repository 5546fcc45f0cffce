// The API reference: one page of Markdown for each entry point, readable in the repository and in a small diff.
import { ApiItemKind, ApiModel } from "@microsoft/api-extractor-model";
import { commentBlocks } from "./comment.mjs";

/**
 * @typedef {import("@microsoft/api-extractor-model").ApiItem} ApiItem
 * @typedef {import("@microsoft/api-extractor-model").ApiDeclaredItem} ApiDeclaredItem
 * @typedef {import("./comment.mjs").Resolve} Resolve
 */

const GROUPS = [
  { title: "Functions", kinds: [ApiItemKind.Function] },
  { title: "Classes", kinds: [ApiItemKind.Class] },
  { title: "Interfaces", kinds: [ApiItemKind.Interface] },
  { title: "Types", kinds: [ApiItemKind.TypeAlias] },
  { title: "Constants", kinds: [ApiItemKind.Variable] },
];

/** Where a name is a browser's too, the model gives ours a number. */
const NUMBERED = /\b([a-zA-Z]+)_\d+\b/g;

/** @param {ApiItem} item */
const nameOf = ({ displayName }) => displayName.replace(NUMBERED, "$1");

/** @param {ApiItem} item @returns {ApiDeclaredItem} */
const declared = (item) => /** @type {ApiDeclaredItem} */ (item);

/** @param {ApiItem} item */
const commentOf = (item) => declared(item).tsdocComment;

/** @param {ApiItem} item */
function signature(item) {
  const { text } = declared(item).excerpt;
  return text
    .replace(NUMBERED, "$1")
    .replace(/^export (?:declare )?/, "")
    .replace(/;?\s*$/, "");
}

/** The first sentence. @param {ApiItem} item @param {Resolve} resolve */
function brief(item, resolve) {
  const [first = ""] = commentBlocks(commentOf(item), resolve);
  return /^.*?[.:](?= [A-Z`]|$)/.exec(first)?.[0].replace(/:$/, ".") ?? first;
}

/** @param {readonly string[]} lines @param {string} by */
const indent = (lines, by) => lines.map((block) => block.replaceAll(/^(?=.)/gm, by));

/** On one line, as a list wants it. @param {ApiItem} member @param {Resolve} resolve */
function memberBlocks(member, resolve) {
  const text = signature(member).replace(/\s*\n\s*/g, " ");
  const [first, ...rest] = commentBlocks(commentOf(member), resolve);
  return [`- \`${text.replace(/^readonly /, "")}\`  \n  ${first ?? ""}`.trimEnd(), ...indent(rest, "  ")];
}

/** Ours that a declaration names, and its members. @param {ApiItem} item @param {Resolve} resolve */
function named(item, resolve) {
  const names = new Set();
  for (const each of [item, ...item.members]) {
    for (const { text, canonicalReference } of declared(each).excerptTokens) {
      const name = text.replace(NUMBERED, "$1");
      if (canonicalReference !== undefined && resolve(name) !== undefined && name !== nameOf(item)) names.add(name);
    }
  }
  return [...names].sort();
}

/** @param {ApiItem} item @param {Resolve} resolve */
function itemBlocks(item, resolve) {
  const hasMembers = item.kind === ApiItemKind.Class || item.kind === ApiItemKind.Interface;
  const text = signature(item);
  // A bare interface or class says nothing that its heading does not.
  const code = hasMembers && !text.includes(" extends ") ? [] : [`\`\`\`ts\n${text}\n\`\`\``];
  const found = [`### ${nameOf(item)}`, ...code, ...commentBlocks(commentOf(item), resolve)];
  if (hasMembers) for (const member of item.members) found.push(...memberBlocks(member, resolve));
  const links = named(item, resolve).map((name) => `[${name}](${resolve(name)})`);
  if (links.length > 0) found.push(`Types: ${links.join(", ")}`);
  return found;
}

/** Where each name's heading is: GitHub numbers those that differ in nothing but their case. @param {readonly string[]} headings */
function anchorsOf(headings) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  const anchors = headings.map((heading) => {
    const slug = heading.toLowerCase();
    const count = counts.get(slug) ?? 0;
    counts.set(slug, count + 1);
    return /** @type {const} */ ([heading, count === 0 ? `#${slug}` : `#${slug}-${count}`]);
  });
  return new Map(anchors);
}

/** @param {import("./entries.mjs").Entry} entry @param {string} path */
function page(entry, path) {
  const apiPackage = new ApiModel().loadPackage(path);
  const members = apiPackage.entryPoints[0]?.members ?? [];
  const groups = GROUPS.map(({ title, kinds }) => ({
    title,
    items: members.filter(({ kind }) => kinds.includes(kind)),
  }));
  const listed = groups.filter(({ items }) => items.length > 0);
  const anchors = anchorsOf([entry.name, ...listed.flatMap(({ title, items }) => [title, ...items.map(nameOf)])]);
  /** @type {Resolve} */
  const resolve = (name) => anchors.get(name);
  const content = [
    `# ${entry.name}`,
    ...commentBlocks(apiPackage.tsdocComment, resolve),
    `Made from the comments in the code: \`npm run docs\`. The bare signatures are in [the report](report/${entry.file}.api.md).`,
    ...listed.map(({ title, items }) => {
      const lines = items.map((item) => `| [${nameOf(item)}](${resolve(nameOf(item))}) | ${brief(item, resolve)} |`);
      return [`| ${title} | |`, "|---|---|", ...lines].join("\n");
    }),
    ...listed.flatMap(({ title, items }) => [`## ${title}`, ...items.flatMap((item) => itemBlocks(item, resolve))]),
  ];
  return `${content.join("\n\n")}\n`;
}

/** @param {readonly import("./entries.mjs").Entry[]} entries */
function index(entries) {
  const lines = entries.map(({ name, file }) => `| [\`${name}\`](${file}.md) | [report](report/${file}.api.md) |`);
  return ["# API reference", "", "| entry point | its public surface |", "|---|---|", ...lines, ""].join("\n");
}

/**
 * The files of the reference, by their names.
 * @param {readonly import("./entries.mjs").Entry[]} entries
 * @param {readonly string[]} models Of each entry, as API Extractor wrote it.
 * @returns {Map<string, string>}
 */
export function renderReference(entries, models) {
  const pages = entries.map((entry, at) => /** @type {const} */ ([`${entry.file}.md`, page(entry, models[at] ?? "")]));
  return new Map([["README.md", index(entries)], ...pages]);
}
