import { writeFile } from 'node:fs/promises';
import { createApp } from '../app.setup.js';
import { readSettings } from '../config/read-settings.js';
import { describeApi } from './document.js';

/** Writes the published contract: `node dist/openapi/write.js docs/openapi.json`. */
const [, , path = 'docs/openapi.json'] = process.argv;
const app = await createApp(
  readSettings({ RECRAFT_API_KEY: 'none', MASTER_KEY: 'none', DATABASE_URL: 'none', LOG_LEVEL: 'silent' }),
);
await app.init();
await writeFile(path, `${JSON.stringify(describeApi(app), null, 2)}\n`);
await app.close();
