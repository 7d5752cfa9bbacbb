/** Loaded into a gateway before it starts (`node --import`): SIGUSR2 takes its ledger away, and gives it back. */
import { DatabaseLedger } from '../dist/spend/database-ledger.js';
import { Unrecorded } from '../dist/spend/unrecorded.js';

const { reserve } = DatabaseLedger.prototype;
const none = new Unrecorded();
let isOn = true;
process.on('SIGUSR2', () => {
  isOn = !isOn;
});
DatabaseLedger.prototype.reserve = function (call) {
  return isOn ? reserve.call(this, call) : none.reserve(call);
};
