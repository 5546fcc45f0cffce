// Written by scripts/make-tones.mjs.

/** 1024 samples at 48 kHz, AAC-LC, one channel. */
export const AAC_TONE =
  "AO4xkgKACIQCIQGJEm/Xv/T/6P/X/P8/VJ+k/ea/+Nf+X+vM+/6fgAwMzbDDZ7PWtlzb2iQkJCQkJCVImvXr169f8v5fyEoDXr169agAoASzAAEpgOA=";

/** 960 samples at 48 kHz, CELT, one channel. */
export const OPUS_TONE =
  "+L5qaAZkB63axGzoVGWHBLFBHDQsltIXMMLZubOPF2mBQ0IuyLkpz99DJKwtvMS6ZRmQinh0Y9Oc+CWzMTMYoTSkbHbj3nKUkwD89mkh+YE=";
