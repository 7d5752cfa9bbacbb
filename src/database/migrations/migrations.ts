import type { Migration } from '../migrate.js';
import { SPEND } from './0001-spend.js';
import { KEYS } from './0002-keys.js';
import { ANSWERS } from './0003-answers.js';
import { PRINTS } from './0004-prints.js';
import { SET_BASED_LEDGER } from './0005-set-based-ledger.js';
import { LASTING_BUDGETS } from './0006-lasting-budgets.js';
import { ENDED_WINDOWS } from './0007-ended-windows.js';
import { PLANNED_ONCE } from './0008-planned-once.js';
import { TOLD_REFUSALS } from './0009-told-refusals.js';
import { GROUPED_ANSWERS } from './0010-grouped-answers.js';

/** Every step of the schema, in order. */
export const MIGRATIONS: readonly Migration[] = [
  SPEND,
  KEYS,
  ANSWERS,
  PRINTS,
  SET_BASED_LEDGER,
  LASTING_BUDGETS,
  ENDED_WINDOWS,
  PLANNED_ONCE,
  TOLD_REFUSALS,
  GROUPED_ANSWERS,
];
