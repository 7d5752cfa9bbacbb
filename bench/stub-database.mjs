/**
 * A PostgreSQL whose ledger costs nothing here, as one on a machine of its own would: it answers the ledger's batches
 * itself, at once or after a time, and hands everything else to a real one. So that what is measured is the gateway and not the
 * database. What it answers is what a PostgreSQL answers where every budget has room (migrations of src/database).
 *
 * Environment: PORT; DATABASE_PORT (of the real one, on 127.0.0.1); STUB_DELAY_MS (0).
 * When it is told to end, it prints how many reservations and endings it was given: `{"reserved": 1, "ended": 1}`.
 */
import { connect, createServer } from 'node:net';

const delayMs = Number(process.env.STUB_DELAY_MS ?? 0);
const STARTUP = 196_608;
const LEDGER = Buffer.from('apply_to_ledger(');

/** A message of PostgreSQL's protocol (its documentation, 55.7): type, length, body. */
function message(type, body = Buffer.alloc(0)) {
  const head = Buffer.from([type.charCodeAt(0), 0, 0, 0, 0]);
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const int16 = (value) => Buffer.from([value >> 8, value & 0xff]);
const int32 = (value) => Buffer.from(Uint32Array.of(value).buffer).swap32();
const text = (value) => Buffer.from(`${value}\0`);

const BEFORE_ROW = Buffer.concat([message('1'), message('2')]);
const AFTER_ROW = Buffer.concat([message('C', text('SELECT 1')), message('Z', Buffer.from('I'))]);

function countOf(bytes, word) {
  let count = 0;
  for (let at = bytes.indexOf(word); at >= 0; at = bytes.indexOf(word, at + 1)) count += 1;
  return count;
}

let reserved = 0;
let ended = 0;

/** What a batch is answered whose Bind message is this. */
function answerTo(bind) {
  reserved += countOf(bind, '"ttl":');
  ended += countOf(bind, '"status":');
  const ns = Array.from({ length: countOf(bind, '"scopes":') }, (_, n) => n);
  const granted = { ns, max: 1_000_000_000_000, spent: 35_000 };
  const answer = Buffer.from(JSON.stringify(ns.length === 0 ? {} : { passed: [], reserved: [granted] }));
  return Buffer.concat([BEFORE_ROW, message('D', Buffer.concat([int16(1), int32(answer.length), answer])), AFTER_ROW]);
}

const server = createServer({ noDelay: true }, (client) => {
  const database = connect({ port: Number(process.env.DATABASE_PORT), host: '127.0.0.1', noDelay: true });
  database.pipe(client);
  for (const socket of [client, database]) {
    socket.on('error', () => {
      client.destroy();
      database.destroy();
    });
  }
  client.on('close', () => database.end());
  let pending = Buffer.alloc(0);
  let isOpen = false;
  let bind;
  let isOurs = false;
  client.on('data', (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    for (;;) {
      // What opens a connection has no type.
      const at = isOpen ? 1 : 0;
      if (pending.length < at + 4) return;
      const length = at + pending.readUInt32BE(at);
      if (pending.length < length) return;
      const whole = pending.subarray(0, length);
      pending = pending.subarray(length);
      const type = isOpen ? String.fromCharCode(whole[0]) : '';
      isOpen ||= whole.readUInt32BE(4) === STARTUP;
      if (type === 'P') isOurs = whole.includes(LEDGER);
      if (!isOurs) database.write(whole);
      else if (type === 'B') bind = whole;
      else if (type === 'S') {
        const answer = answerTo(bind);
        if (delayMs === 0) client.write(answer);
        else setTimeout(() => client.write(answer), delayMs);
        isOurs = false;
      }
    }
  });
});
server.listen(Number(process.env.PORT), '127.0.0.1');
process.once('SIGTERM', () => {
  console.log(JSON.stringify({ reserved, ended }));
  process.exit();
});
