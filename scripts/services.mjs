/**
 * PostgreSQL and Redis for tests, from Debian's packages: on free loopback ports, in a temporary folder, gone afterwards.
 *
 *     node scripts/services.mjs COMMAND…   # runs a command with TEST_DATABASE_URL and TEST_REDIS_URL set
 *
 * What is missing is installed where that is possible: as root, with apt-get.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.mjs';

const POSTGRES_HOME = '/usr/lib/postgresql';
const START_PATIENCE_MS = 30_000;
const POLL_MS = 50;

const isRoot = process.getuid?.() === 0;

/**
 * Starts both. Resolves to `{ env, pids, stop }`.
 *
 * @throws Error saying what is missing
 */
export async function startServices() {
  const programs = requirePrograms();
  const folder = mkdtempSync(join(tmpdir(), 'image-gateway-services-'));
  const owner = ownerOf(folder);
  const children = [];
  // Whoever is ended before it stops them takes them along.
  process.once('exit', () => children.forEach((child) => child.kill('SIGINT')));
  const stop = async () => {
    for (const child of children.toReversed()) await stopped(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const [postgresPort, redisPort] = [await freePort(), await freePort()];
    children.push(await postgres(programs, join(folder, 'postgres'), postgresPort, owner));
    children.push(await redis(programs, folder, redisPort, owner));
    const env = {
      TEST_DATABASE_URL: `postgres://test@127.0.0.1:${postgresPort}/postgres`,
      TEST_REDIS_URL: `redis://127.0.0.1:${redisPort}`,
    };
    return { env, pids: children.map(({ pid }) => pid), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function postgres({ initdb, postgres: server }, data, port, owner) {
  const options = ['--username=test', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'];
  execFileSync(initdb, [...options, data], { ...owner, stdio: ['ignore', 'ignore', 'inherit'] });
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: data,
    max_connections: 200,
    // These databases live for minutes, and the machine's end is not what they are tested for.
    fsync: 'off',
    log_min_messages: 'fatal',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(server, ['-D', data, '-p', String(port), ...args], { ...owner, stdio: ['ignore', 2, 2] });
  await answering(child, port, 'PostgreSQL');
  // The port opens a little before the server takes work.
  while (
    spawnSync(join(initdb, '../pg_isready'), [
      '-q',
      '-h',
      '127.0.0.1',
      '-p',
      String(port),
      '-U',
      'test',
      '-d',
      'postgres',
    ]).status !== 0
  ) {
    await pause(POLL_MS);
  }
  return child;
}

async function redis({ redis: server }, folder, port, owner) {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  const child = spawn(server, args, { ...owner, stdio: ['ignore', 'ignore', 2] });
  await answering(child, port, 'Redis');
  return child;
}

async function answering(child, port, name) {
  const deadline = Date.now() + START_PATIENCE_MS;
  while (child.exitCode === null && Date.now() < deadline) {
    if (await isOpen(port)) return;
    await pause(POLL_MS);
  }
  throw new Error(`${name} does not start`);
}

function isOpen(port) {
  const socket = connect(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  }).finally(() => socket.destroy());
}

async function stopped(child) {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  // PostgreSQL's "fast shutdown"; Redis leaves on it too.
  child.kill('SIGINT');
  await ended;
}

/** PostgreSQL refuses to run as root; the user of Debian's package does it then. */
function ownerOf(folder) {
  if (!isRoot) return {};
  const [uid, gid] = ['-u', '-g'].map((which) => Number(execFileSync('id', [which, 'postgres'], { encoding: 'utf8' })));
  chownSync(folder, uid, gid);
  return { uid, gid };
}

function requirePrograms() {
  let programs = findPrograms();
  if (!programs && isRoot) {
    install();
    programs = findPrograms();
  }
  if (programs) return programs;
  throw new Error('PostgreSQL or Redis is missing: apt-get install postgresql redis-server');
}

function findPrograms() {
  const versions = existsSync(POSTGRES_HOME) ? readdirSync(POSTGRES_HOME) : [];
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  const bin = join(POSTGRES_HOME, String(newest), 'bin');
  const redisServer = ['/usr/bin/redis-server', '/usr/local/bin/redis-server'].find(existsSync);
  if (!existsSync(join(bin, 'initdb')) || !redisServer) return undefined;
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres'), redis: redisServer };
}

/** Without starting anything: the packages would run servers of their own on the usual ports. */
function install() {
  console.error('image-gateway: installing postgresql and redis-server');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1', PG_CREATECLUSTER: 'no' };
  const options = { env, stdio: ['ignore', 2, 2] };
  if (spawnSync('apt-get', ['update', '-qq'], options).status !== 0) return;
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'postgresql', 'redis-server'], options);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [command, ...args] = process.argv.slice(2);
  const services = await startServices();
  try {
    const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...services.env } });
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
    const [code] = await once(child, 'exit');
    process.exitCode = code ?? 1;
  } finally {
    await services.stop();
  }
}
