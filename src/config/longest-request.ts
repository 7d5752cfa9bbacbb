/** Node's `fetch` gives up at 300 s and its user pays twice (openai-images.md, finding 4): every answer comes well before. */
export const LONGEST_REQUEST_MS = 289_000;
