#!/usr/bin/env -S node --enable-source-maps --max-semi-space-size=16
import { parseArgs } from 'node:util';
import { requireNode } from './require-node.js';

requireNode(process.versions.node);
// Not before: what it imports already fails on an older Node, in words that help nobody.
const { runGateway, runMigrations } = await import('./run-gateway.js');

const USAGE = `Usage: image-gateway [--config config.yaml] [--port 4000] [--host 0.0.0.0]
       image-gateway migrate [--config config.yaml]

  migrate   bring the schema of the database up to date and leave; each start does the same
  --config  model list and settings, in LiteLLM's format (or CONFIG_FILE)
  --port    port to listen on (or PORT)
  --host    address to listen on (or HOST)
  --help    this text

Everything else is set by environment variables; README.md lists them.`;

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        config: { type: 'string' },
        port: { type: 'string' },
        host: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

const {
  values: { config, port, host, help },
  positionals: [command, ...others],
} = readArguments();
const environment = {
  ...process.env,
  ...(config !== undefined && { CONFIG_FILE: config }),
  ...(port !== undefined && { PORT: port }),
  ...(host !== undefined && { HOST: host }),
};
if (help) {
  console.log(USAGE);
} else if (command === undefined) {
  await runGateway(environment);
} else if (command === 'migrate' && others.length === 0) {
  await runMigrations(environment);
} else {
  console.error(`There is no command ${[command, ...others].join(' ')}.\n\n${USAGE}`);
  process.exit(2);
}
