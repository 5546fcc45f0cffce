import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Files of a folder that are not what they are to be, or not there, with what they are to be.
 * @param {string} folder
 * @param {ReadonlyMap<string, string>} files
 * @returns {Map<string, string>}
 */
export function staleFiles(folder, files) {
  return new Map(
    [...files].filter(([file, content]) => {
      const path = join(folder, file);
      return !existsSync(path) || readFileSync(path, "utf8") !== content;
    }),
  );
}

/**
 * Pages that a table of contents does not link to.
 * @param {string} contents
 * @param {readonly string[]} files
 * @returns {string[]}
 */
export function unlistedPages(contents, files) {
  const pages = files.filter((file) => file.endsWith(".md") && file !== "README.md");
  return pages.filter((file) => !contents.includes(`](${file})`));
}
