import { describe, expect, it } from '@jest/globals';
import { unrestricted } from '../keys/caller.js';
import type { CallerCheck } from '../keys/caller-check.js';
import type { ModelGroup } from '../registry/model-group.js';
import type { ModelRegistry } from '../registry/model-registry.js';
import type { Dispatcher } from '../routing/dispatcher.js';
import type { Fallback } from '../routing/fallback.js';
import { CallRecord } from '../telemetry/call-record.js';
import type { Admission } from './admission.js';
import { CollectedAnswer } from './collected-answer.js';
import type { ImageProvider } from './image-provider.js';
import type { GenerateRequest, ImageRequest } from './image-request.js';
import { ImagesService } from './images.service.js';

const REQUEST: GenerateRequest = { operation: 'generate', prompt: 'a fox', count: 2, responseFormat: 'url', extra: {} };

const deployment = { id: 'd', model: 'm', defaults: {} };
const registry = {
  resolveFor: () => ({ name: 'g', defaults: {}, deployments: [deployment] }),
  needsModel: () => true,
  fixedModel: () => undefined,
  modelOf: () => 'm',
} as unknown as ModelRegistry;
const dispatcher = {
  open: () => ({
    deployment,
    goesOn: () => false,
    run: (work: { send(one: unknown): unknown }) => work.send(deployment),
  }),
} as unknown as Dispatcher;
const fallback = {
  overGroups: (group: ModelGroup, _call: CallRecord, relay: { serve(one: ModelGroup): unknown }) => relay.serve(group),
} as unknown as Fallback;

const callers = { checkAgain: () => undefined, checkLast: () => undefined } as unknown as CallerCheck;

interface Case {
  readonly prices: Readonly<Partial<Record<ImageRequest['operation'], number>>>;
  readonly afterwards?: ImageRequest;
  readonly operations?: readonly string[];
}

/** Has pictures made at these prices by a provider that does not say what it charged; gives what was reserved and settled. */
async function moneyOf({ prices, afterwards, operations }: Case) {
  const call = new CallRecord('req_1');
  if (operations) call.caller = { ...unrestricted('a key'), isMaster: false, operations };
  const money: { reserved?: number | undefined; settled?: number | undefined } = {};
  const admission: Pick<Admission, 'within' | 'end'> = {
    within: async (admitted, work) => {
      money.reserved = admitted.priceMicroDollars;
      const done = await work();
      money.settled = done.chargedMicroDollars;
      return done;
    },
    end: () => Promise.resolve(),
  };
  const provider = {
    fit: (request: ImageRequest) => ({ request, ignored: [], format: 'webp' }),
    price: ({ operation }: ImageRequest) => prices[operation],
    fulfil: () => Promise.resolve({ images: 2, chargedMicroDollars: undefined, upstreamRequestId: undefined }),
  } as unknown as ImageProvider;
  const service = new ImagesService(registry, dispatcher, fallback, admission as Admission, callers, provider);
  const interpret = () => ({ request: REQUEST, ignored: [], ...(afterwards && { afterwards }) });
  await service.fulfil({ model: undefined, operation: 'generate', interpret }, call, new CollectedAnswer());
  return money;
}

describe('The price of a call, before it is sent', () => {
  const image = { kind: 'link', param: 'image', url: 'https://x/y' } as const;
  const cut = { operation: 'removeBackground', image, count: 2, responseFormat: 'url', extra: {} } as const;

  it('is that of its operation', async () => {
    expect(await moneyOf({ prices: { generate: 80_000 } })).toEqual({ reserved: 80_000, settled: undefined });
  });

  it('is that of both, where another follows; its own part is settled', async () => {
    const prices = { generate: 80_000, removeBackground: 10_000 };
    expect(await moneyOf({ prices, afterwards: cut })).toEqual({ reserved: 100_000, settled: 80_000 });
  });

  it('is unknown where that of either is', async () => {
    const [one, other] = [{ generate: 80_000 }, { removeBackground: 10_000 }];
    expect(await moneyOf({ prices: one, afterwards: cut })).toMatchObject({ reserved: undefined });
    expect(await moneyOf({ prices: other, afterwards: cut })).toMatchObject({ reserved: undefined });
  });

  it('is none where the caller may not have what follows', async () => {
    const prices = { generate: 80_000, removeBackground: 10_000 };
    await expect(moneyOf({ prices, afterwards: cut, operations: ['generate'] })).rejects.toMatchObject({
      fault: 'operationNotAllowed',
      message: expect.stringContaining('removeBackground'),
    });
    const both = ['generate', 'removeBackground'];
    expect(await moneyOf({ prices, afterwards: cut, operations: both })).toMatchObject({ reserved: 100_000 });
  });
});
