/** Decoding takes tens of megabytes for each picture: so many are worked on at a time, the others wait. */
const AT_A_TIME = 2;

let working = 0;
const waiting: (() => void)[] = [];

/** Runs work on pixels when it is its turn. */
export async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (working === AT_A_TIME) await new Promise<void>((resolve) => void waiting.push(resolve));
  else working += 1;
  try {
    return await work();
  } finally {
    // Whoever waits takes over this place: the number of those at work stays the same.
    const next = waiting.shift();
    if (next) next();
    else working -= 1;
  }
}
