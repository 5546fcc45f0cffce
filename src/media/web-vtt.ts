import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
/** Between two files that become one: whatever ends the first, a cue of the second starts a block of its own. */
const BLANK_LINE: Bytes = new Uint8Array([LINE_FEED, LINE_FEED]);
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/**
 * Checks that a part is a whole WebVTT file: UTF-8, its signature first. What its cues say is for the player to read.
 * @throws RelayError `malformed-part`
 * @see WebVTT 4.1; draft-pantos-hls-rfc8216bis 3.1.4
 */
export function checkWebVtt(bytes: Bytes): void {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new RelayError("malformed-part", `expected WebVTT in UTF-8, got ${bytes.byteLength} other bytes`, { cause });
  }
  if (/^WEBVTT(?:[ \t\r\n]|$)/.test(text)) return;
  throw new RelayError("malformed-part", `expected a WebVTT file, got ${JSON.stringify(text.slice(0, 20))}`);
}

/**
 * Several WebVTT files as one: the first as it is, of the others what stands behind their headers. The views are those of
 * the files; no byte is copied. A cue that is in two of them is there twice, and players show it once.
 */
export function joinWebVtt(files: readonly Bytes[]): readonly Bytes[] {
  const joined: Bytes[] = [];
  for (const file of files) {
    if (joined.length === 0) joined.push(file);
    else joined.push(BLANK_LINE, file.subarray(headerSize(file)));
  }
  return joined;
}

/** Up to and with the first blank line, which ends the header (WebVTT 4.1). */
function headerSize(file: Bytes): number {
  let at = BYTE_ORDER_MARK.every((byte, index) => file[index] === byte) ? BYTE_ORDER_MARK.length : 0;
  let lineStart = at;
  for (; at < file.byteLength; at += 1) {
    const byte = file[at];
    if (byte !== LINE_FEED && byte !== CARRIAGE_RETURN) continue;
    const end = byte === CARRIAGE_RETURN && file[at + 1] === LINE_FEED ? at + 2 : at + 1;
    if (at === lineStart) return end;
    lineStart = end;
    at = end - 1;
  }
  return file.byteLength;
}
