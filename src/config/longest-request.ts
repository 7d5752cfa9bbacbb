/** Node's `fetch` gives up at 300 s and its user pays twice (openai-images.md, finding 4): every answer comes well before, unless it is a stream. */
export const LONGEST_REQUEST_MS = 289_000;
