#!/usr/bin/env -S node --enable-source-maps --max-semi-space-size=16
import { parseArgs } from 'node:util';
import { runGateway } from './run-gateway.js';

const USAGE = `Usage: image-gateway [--config config.yaml] [--port 4000] [--host 0.0.0.0]

  --config  model list and settings, in LiteLLM's format (or CONFIG_FILE)
  --port    port to listen on (or PORT)
  --host    address to listen on (or HOST)
  --help    this text

Everything else is set by environment variables; README.md lists them.`;

function readArguments() {
  try {
    return parseArgs({
      options: {
        config: { type: 'string' },
        port: { type: 'string' },
        host: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

const { config, port, host, help } = readArguments();
if (help) {
  console.log(USAGE);
} else {
  await runGateway({
    ...process.env,
    ...(config !== undefined && { CONFIG_FILE: config }),
    ...(port !== undefined && { PORT: port }),
    ...(host !== undefined && { HOST: host }),
  });
}
