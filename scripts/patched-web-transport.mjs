// Test set-up only: WebTransport for Node on a glibc that is older than the one its binary was linked against.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Where the binary is, from where its package is resolved. */
const BINARY = "web-transport.linux-x64-gnu.node";
/** Of the C23 functions that it imports; the older functions of the same name without this do the same for what it reads. */
const C23_PREFIX = "__isoc23_";
const NEEDED_MINOR = 38;

/**
 * A copy of `@moq/web-transport`'s binary that loads here, for `EDDY_WEB_TRANSPORT`; undefined where the binary
 * loads as it is, or is not there.
 * @returns {string | undefined}
 */
export function patchedWebTransport() {
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  /** @type {any} */
  const { header } = process.report.getReport();
  const [major, minor] = String(header.glibcVersionRuntime ?? "")
    .split(".")
    .map(Number);
  if (major !== 2 || minor === undefined || minor >= NEEDED_MINOR) return undefined;
  let original;
  try {
    original = join(dirname(dirname(createRequire(import.meta.url).resolve("@moq/web-transport"))), BINARY);
  } catch {
    return undefined;
  }
  const folder = join(import.meta.dirname, "..", ".cache", "web-transport-0.1.4");
  const copy = join(folder, BINARY);
  if (!existsSync(copy)) {
    mkdirSync(folder, { recursive: true });
    const bytes = readFileSync(original);
    withoutC23(bytes);
    // Whole or not at all, for runs that start together.
    const unfinished = `${copy}.${process.pid}`;
    writeFileSync(unfinished, bytes);
    renameSync(unfinished, copy);
  }
  return copy;
}

/** @see https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/symversion.html */
const SECTION = { dynamicSymbols: 11, versionNeeds: 0x6ffffffe, symbolVersions: 0x6fffffff };

/**
 * Renames the C23 functions among the imports, and asks for the oldest version of the library in place of the newest.
 * @param {Buffer} elf 64 bits, little-endian; changed in place
 */
function withoutC23(elf) {
  if (elf.readUInt32BE(0) !== 0x7f454c46 || elf[4] !== 2 || elf[5] !== 1) throw new Error("expected a 64-bit ELF file");
  const sections = readSections(elf);
  /** @type {(type: number) => { type: number, at: number, size: number, link: number, info: number }} */
  const find = (type) => {
    const found = sections.find((section) => section.type === type);
    if (found === undefined) throw new Error(`expected a section of type ${type}`);
    return found;
  };
  const symbols = find(SECTION.dynamicSymbols);
  const namesAt = sections[symbols.link]?.at ?? 0;
  /** @type {(at: number) => string} */
  const name = (at) => elf.toString("latin1", namesAt + at, elf.indexOf(0, namesAt + at));

  // The needs of libc.so.6: one to keep, and those that this machine cannot meet.
  const needs = find(SECTION.versionNeeds);
  const versions = [];
  let at = needs.at;
  for (let file = 0; file < needs.info; file += 1) {
    let entry = at + elf.readUInt32LE(at + 8);
    for (let count = elf.readUInt16LE(at + 2); count > 0; count -= 1) {
      versions.push({ at: entry, index: elf.readUInt16LE(entry + 6), name: name(elf.readUInt32LE(entry + 8)) });
      entry += elf.readUInt32LE(entry + 12);
    }
    at += elf.readUInt32LE(at + 12);
  }
  const oldest = versions.find((version) => version.name === "GLIBC_2.2.5");
  if (oldest === undefined) throw new Error("expected an import of GLIBC_2.2.5");
  const tooNew = versions.filter((version) => Number(/^GLIBC_2\.(\d+)$/.exec(version.name)?.[1] ?? 0) >= NEEDED_MINOR);

  const symbolVersions = find(SECTION.symbolVersions);
  for (let index = 0; index < symbols.size / 24; index += 1) {
    const versionAt = symbolVersions.at + 2 * index;
    const version = elf.readUInt16LE(versionAt) & 0x7fff;
    if (!tooNew.some((one) => one.index === version)) continue;
    const symbolAt = symbols.at + 24 * index;
    const nameAt = elf.readUInt32LE(symbolAt);
    if (!name(nameAt).startsWith(C23_PREFIX)) throw new Error(`expected C23 functions alone, got ${name(nameAt)}`);
    elf.writeUInt32LE(nameAt + C23_PREFIX.length, symbolAt);
    elf.writeUInt16LE(oldest.index, versionAt);
  }
  for (const version of tooNew) {
    elf.copy(elf, version.at, oldest.at, oldest.at + 4); // the hash of its name
    elf.copy(elf, version.at + 8, oldest.at + 8, oldest.at + 12); // and where that is
  }
}

/** @param {Buffer} elf */
function readSections(elf) {
  const tableAt = Number(elf.readBigUInt64LE(0x28));
  const size = elf.readUInt16LE(0x3a);
  return Array.from({ length: elf.readUInt16LE(0x3c) }, (_, index) => {
    const at = tableAt + index * size;
    return {
      type: elf.readUInt32LE(at + 4),
      at: Number(elf.readBigUInt64LE(at + 24)),
      size: Number(elf.readBigUInt64LE(at + 32)),
      link: elf.readUInt32LE(at + 40),
      info: elf.readUInt32LE(at + 44),
    };
  });
}
