/** A session that has not said hello by then is over. */
export const HELLO_MS = 10_000;
/** Who is silent for so long is asked whether it is still there. */
export const PING_MS = 4_000;
/** Who has not answered by then is gone. */
export const SILENT_MS = 10_000;
/** How long a goodbye may take to be written. */
export const BYE_MS = 2_000;
/** A stream of bytes that is not whole by then is given up. */
export const STREAM_MS = 10_000;
/** Streams of the other side that are read at once; further ones wait in the transport. */
export const MAX_OPEN_STREAMS = 32;
/** Streams of our own that wait for the other side to let them be opened. */
export const MAX_OPENING_STREAMS = 256;
/** Control frames that wait to be written: who does not read them is let go. */
export const MAX_CONTROL_BYTES = 256 * 1024;
/** Parts on their way without an answer, as many as the worker may leave unanswered of one rendition. */
export const MAX_PENDING = 32;
/** A part without an answer by then is given up. */
export const ANSWER_MS = 10_000;
/** Parts that wait for those, and their bytes; the oldest are lost to a side that does not keep up. */
export const MAX_WAITING_PARTS = 256;
export const MAX_WAITING_BYTES = 32 * 1024 * 1024;
