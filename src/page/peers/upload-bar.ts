/** Why nothing is uploaded; the first of these that holds. */
export type UploadBar =
  /** There are no peers. */
  | "off"
  /** It takes alone. */
  | "receive-only"
  /** Nobody gave it yet, or it was refused. */
  | "no-consent"
  /** The person asked to save data. */
  | "save-data"
  /** Bytes cost money, as far as the browser tells. */
  | "metered"
  /** The page is hidden. */
  | "background"
  /** As much was sent as may be in one month. */
  | "monthly-cap";
