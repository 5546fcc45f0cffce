/** WebKit on Linux; others name Chrome too. */
const WEBKIT_GTK = /Linux.*AppleWebKit\/(?!.*Chrom)/;
/** What stands for 1 in samples of 32 bits. */
const FULL_SCALE = 2 ** 31;

/** Whether this is WebKitGTK or WPE, where something crashes or fails that no feature tells of. */
export function isWebKitGtk(userAgent = globalThis.navigator?.userAgent ?? ""): boolean {
  return WEBKIT_GTK.test(userAgent);
}

/** What is mended of `AudioData`. */
export type MendedAudioData = Pick<AudioData, "format" | "numberOfChannels" | "allocationSize" | "copyTo">;

/**
 * WebKitGTK 2.50 crashes where `AudioData.copyTo()` has nothing to convert: it frees memory that is not its own. So floats that would be
 * copied as they are come as whole numbers of 32 bits, and become floats here. Other browsers are left alone.
 */
export function mendAudioData(
  { prototype }: { readonly prototype: MendedAudioData } = AudioData,
  userAgent?: string,
): void {
  if (!isWebKitGtk(userAgent)) return;
  const { copyTo } = prototype;
  prototype.copyTo = function (this: MendedAudioData, destination, options) {
    const format = options.format ?? this.format;
    if (!isCopiedAsItIs(this, format)) {
      copyTo.call(this, destination, options);
      return;
    }
    const converted = { ...options, format: format === "f32" ? "s32" : "s32-planar" } as const;
    const samples = new Int32Array(this.allocationSize(converted) / Int32Array.BYTES_PER_ELEMENT);
    copyTo.call(this, samples, converted);
    const floats = ArrayBuffer.isView(destination)
      ? new DataView(destination.buffer, destination.byteOffset, destination.byteLength)
      : new DataView(destination);
    for (const [index, sample] of samples.entries()) floats.setFloat32(index * 4, sample / FULL_SCALE, true);
  };
}

/** One channel lies the same way in both layouts. */
function isCopiedAsItIs({ format, numberOfChannels }: MendedAudioData, wanted: AudioSampleFormat | null): boolean {
  const isFloat = format?.startsWith("f32") === true && wanted?.startsWith("f32") === true;
  return isFloat && (format === wanted || numberOfChannels === 1);
}
