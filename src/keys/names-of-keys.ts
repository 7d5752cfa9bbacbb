import { digestOf } from './key-digest.js';

/** What a key may be called in a question: by itself, or by a digest that it has or had. */
export const namesMeant = (text: string): string[] => [text, digestOf(text)];

/**
 * SQL for all names, present and former, of the keys that some names lead to, and for these names themselves.
 *
 * @param parameter a `text[]`, such as `$1`
 */
export const allNames = (parameter: string): string => `array(
  with meant as (
    select unnest(${parameter}::text[]) as token
    union select token from key_overlaps where former_token = any(${parameter}::text[])
  )
  select token from meant union select former_token from key_overlaps where token in (select token from meant))`;
