/** Far more than any route takes (OpenAI's edits take 16 pictures); keeps the cost of a hostile form small. */
export const FORM_LIMITS = {
  files: 20,
  parts: 1_000,
  fieldNameBytes: 200,
  /** Brackets after a field's name: `controls[colors][0][rgb][1]` has four. */
  nesting: 5,
  arrayIndex: 1_000,
} as const;

/** The limits of one form that an operator can set, in bytes. */
export interface FormLimits {
  /** Largest file. */
  readonly imageBytes: number;
  /** Largest text field. */
  readonly fieldBytes: number;
  /** All text fields together. */
  readonly textBytes: number;
  /** The body as a whole. */
  readonly bodyBytes: number;
}
