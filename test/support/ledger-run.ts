import type { Database } from '../../src/database/database.js';
import { GatewayError } from '../../src/errors/gateway-error.js';
import type { Reservation } from '../../src/spend/ledger.js';
import { aCall, aCaller, aCharge, LedgerOn } from './ledger.js';
import { LedgerModel, type Request } from './ledger-model.js';

/** A step of a run. `of` picks one of the requests made so far. */
export type Step =
  | { readonly do: 'reserve'; readonly key: 0 | 1; readonly price: number }
  | { readonly do: 'settle'; readonly of: number; readonly charge: number }
  | { readonly do: 'release' | 'doubt' | 'crash'; readonly of: number }
  | { readonly do: 'sweep' }
  | { readonly do: 'newWindow' }
  | { readonly do: 'define'; readonly budget: Place; readonly most: number; readonly duration: string }
  | { readonly do: 'remove'; readonly budget: Place }
  | { readonly do: 'make'; readonly budget: Place };

/** Which of the budgets. */
type Place = 0 | 1 | 2;

const SCOPES = ['key:0', 'key:1', 'team:t'] as const;
const MAXIMA = [100, 70, 150] as const;
const DURATION = '1w';

type StepOnRequest = Extract<Step, { of: number }>;

interface Books {
  readonly spent: readonly (number | undefined)[];
  readonly reserved: readonly (number | undefined)[];
  readonly cost: number;
  readonly unconfirmed: number;
  readonly logged: number;
  readonly open: number;
}

/** Takes steps with the real ledger and the model beside it. */
export class LedgerRun {
  private readonly model = new LedgerModel();
  private readonly on: LedgerOn;

  constructor(private readonly database: Database) {
    this.on = new LedgerOn(database);
  }

  async begin(): Promise<void> {
    await this.database.query('truncate budgets, dispatches, spend_logs');
    for (const at of SCOPES.keys()) await this.define(at, MAXIMA[at] ?? 0, DURATION);
  }

  async take(step: Step): Promise<void> {
    if (step.do === 'reserve') return this.reserve(step.key, step.price);
    if (step.do === 'sweep') return this.sweep();
    if (step.do === 'newWindow') return this.newWindow();
    if (step.do === 'define')
      return this.model.budgets[step.budget] && this.define(step.budget, step.most, step.duration);
    if (step.do === 'make') return this.define(step.budget, MAXIMA[step.budget], DURATION);
    if (step.do === 'remove') return this.remove(step.budget);
    const request = this.model.requests[step.of % Math.max(1, this.model.requests.length)];
    return request && this.takeOn(request, step);
  }

  private async takeOn(request: Request, step: StepOnRequest): Promise<void> {
    if (step.do === 'crash') return this.crash(request);
    if (step.do === 'settle')
      return this.end(request, step.charge, 0, async () => request.reservation.settle(aCharge(step.charge)));
    if (step.do === 'release') return this.end(request, 0, 0, () => request.reservation.release('refusedByUpstream'));
    return this.end(request, 0, request.price, () => request.reservation.doubt('upstreamTimeout'));
  }

  /** What the real budgets, log and dispatches come to, and what the model's do. */
  async compared(): Promise<{ real: Books; model: Books }> {
    const { budgets, requests, cost, unconfirmed } = this.model;
    const lasting = budgets.map((budget) => (budget?.isOver ? { spent: 0, reserved: 0 } : budget));
    const states = await this.on.budgets.read(SCOPES);
    const log = await this.on.log();
    const open = await this.database.query('select 1 from dispatches');
    const isLogged = ({ state }: Request): boolean => state === 'ended' || state === 'swept';
    return {
      real: {
        spent: SCOPES.map((scope) => states.get(scope)?.spentMicroDollars),
        reserved: SCOPES.map((scope) => states.get(scope)?.reservedMicroDollars),
        cost: log.reduce((sum, row) => sum + row.cost, 0),
        unconfirmed: log.reduce((sum, row) => sum + row.unconfirmed, 0),
        logged: log.length,
        open: open.length,
      },
      model: {
        spent: lasting.map((budget) => budget?.spent),
        reserved: lasting.map((budget) => budget?.reserved),
        cost,
        unconfirmed,
        logged: requests.filter(isLogged).length,
        open: requests.filter((request) => !isLogged(request)).length,
      },
    };
  }

  private async reserve(key: 0 | 1, price: number): Promise<void> {
    const scopes = [key, 2];
    const call = aCall(aCaller(scopes.map((at) => SCOPES[at] ?? '')), price);
    const isGranted = this.model.grants(scopes, price);
    const outcome = await this.on.ledger.reserve(call).catch((error: unknown) => error);
    const fault = outcome instanceof GatewayError ? outcome.fault : undefined;
    const expected = isGranted === undefined ? 'wrongKey' : isGranted ? undefined : 'budgetExceeded';
    if (fault !== expected) throw new Error(`${price} came to ${String(fault)}, and not to ${String(expected)}.`);
    if (!isGranted) return;
    const windows = this.model.windowsOf(scopes);
    const request: Request = { call, scopes, windows, price, reservation: outcome as Reservation, state: 'open' };
    this.model.requests.push(request);
    this.model.move(request, price, 0);
  }

  /** Ends a request that is open; one that was swept is put right. */
  private async end(request: Request, cost: number, unconfirmed: number, act: () => Promise<void>): Promise<void> {
    await act();
    const { state } = request;
    if (state === 'ended') return;
    if (state === 'swept') {
      this.model.unconfirmed -= request.price;
      this.model.move(request, 0, cost + unconfirmed - request.price);
    } else this.model.move(request, -request.price, cost + unconfirmed);
    this.model.cost += cost;
    this.model.unconfirmed += unconfirmed;
    request.state = 'ended';
  }

  /** Its deadline passes: its gateway died, or is late. */
  private async crash(request: Request): Promise<void> {
    if (request.state !== 'open') return;
    await this.database.query("update dispatches set deadline = now() - interval '1 second' where request_id = $1", [
      request.call.id,
    ]);
    request.state = 'crashed';
  }

  private async sweep(): Promise<void> {
    await this.on.sweep.sweep();
    for (const request of this.model.requests) {
      if (request.state !== 'crashed') continue;
      this.model.move(request, -request.price, request.price);
      this.model.unconfirmed += request.price;
      request.state = 'swept';
    }
  }

  private async newWindow(): Promise<void> {
    await this.database.query("update budgets set resets_at = now() - interval '1 second'");
    this.model.endWindows();
  }

  private async define(at: number, most: number, duration: string): Promise<void> {
    await this.on.budgets.define(SCOPES[at] ?? '', { maxMicroDollars: most, duration });
    this.model.define(at, most);
  }

  private async remove(at: Place): Promise<void> {
    await this.on.budgets.remove(SCOPES[at]);
    this.model.budgets[at] = undefined;
  }
}
