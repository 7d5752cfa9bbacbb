import { requireNode } from './require-node.js';

requireNode(process.versions.node);
// Not before: what it imports already fails on an older Node, in words that help nobody.
const { runGateway } = await import('./run-gateway.js');
await runGateway(process.env);
