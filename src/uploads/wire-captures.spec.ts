import { beforeAll, describe, expect, it } from '@jest/globals';
import { type ReadAnswer, startBodyServer } from '../../test/support/body-server.js';
import { type CapturedRequest, readCaptures, toBytes } from '../../test/support/captures.js';
import { aPicture } from '../../test/support/pictures.js';
import { sendRaw } from '../../test/support/raw-http.js';
import { leftOut } from '../../test/support/reference.js';

const forms = readCaptures()
  .filter(({ head }) => head.some((line) => /^content-type: multipart/i.test(line)))
  .map((request): CapturedRequest => ({ ...request, path: '/form' }));

const replayed = forms.length > 0 ? describe : describe.skip;

replayed(`recorded forms of real clients${forms.length > 0 ? '' : ` ${leftOut('wire')}`}`, () => {
  let picture: Buffer;
  beforeAll(async () => {
    picture = await aPicture();
  });

  const replay = async (request: CapturedRequest): Promise<{ status: number; body: string }> => {
    await using server = await startBodyServer();
    const answer = await sendRaw(server.url, toBytes(request, server.url, { key: 'sk-test', picture }));
    expect(server.budget.inUse).toBe(0);
    return answer;
  };

  it('are all there', () => {
    expect(forms.length).toBeGreaterThanOrEqual(20);
  });

  it.each(forms.filter(({ body }) => !body.includes('[object Object]')).map((form) => [form.name, form] as const))(
    '%s',
    async (_name, form) => {
      const { status, body } = await replay(form);
      expect({ status, body }).toMatchObject({ status: 200 });
      const { fields, files } = JSON.parse(body) as ReadAnswer;
      expect(files.length).toBeGreaterThan(0);
      expect(files.every(({ format, width }) => format === 'png' && width === 256)).toBe(true);
      const flat = form.body.includes('controls[colors][][rgb][]');
      const controls = flat ? { colors: [{ rgb: [255, 0, 0] }, { rgb: [0, 128, 255] }] } : {};
      expect(fields['controls'] ?? {}).toMatchObject(controls);
    },
  );

  it.each(forms.filter(({ body }) => body.includes('[object Object]')).map((form) => [form.name, form] as const))(
    '%s is told to send JSON text',
    async (_name, form) => {
      const { status, body } = await replay(form);
      expect(status).toBe(400);
      expect(body).toContain('JSON.stringify');
    },
  );
});
