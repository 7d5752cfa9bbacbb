import { readEnvironment } from './environment.js';
import { Sandbox } from './sandbox.js';

/** Starts the sandbox by its environment and stops it when it is told to, or when the process that started it is gone. */
async function main(): Promise<void> {
  const sandbox = await Sandbox.start(readEnvironment(process.env));
  const stop = (): void => {
    void sandbox.close().then(() => process.exit(0));
  };
  process.once('SIGINT', stop).once('SIGTERM', stop).once('disconnect', stop);
  process.stdout.write(`image-gateway sandbox ready on ${sandbox.url}, simulated pictures, nothing is charged\n`);
  process.send?.({ ready: true, url: sandbox.url });
}

try {
  await main();
} catch (error) {
  process.stderr.write(
    `image-gateway sandbox cannot start: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 1;
}
