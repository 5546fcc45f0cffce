/** What one packet carries of a message, and what IPv4, UDP, DTLS 1.2 (GCM) and SCTP (header and DATA chunk) put around it. */
const PACKET_PAYLOAD_BYTES = 1150;
const PACKET_OVERHEAD_BYTES = 20 + 8 + 37 + 28;

export const packetsOf = (sizeBytes: number): number => Math.ceil(sizeBytes / PACKET_PAYLOAD_BYTES);

/** What a message of this size takes on the way. */
export const onWireBytes = (sizeBytes: number): number => sizeBytes + packetsOf(sizeBytes) * PACKET_OVERHEAD_BYTES;
