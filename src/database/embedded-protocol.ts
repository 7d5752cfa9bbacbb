/** A statement for the embedded database. */
export interface ToServer {
  readonly id: number;
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** What the embedded database's process says. */
export type FromServer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'rows'; readonly id: number; readonly rows: readonly object[] }
  | {
      readonly kind: 'refused';
      readonly id: number;
      readonly message: string;
      readonly code?: string | undefined;
      readonly constraint?: string | undefined;
    }
  | { readonly kind: 'heard'; readonly channel: string; readonly payload: string };
