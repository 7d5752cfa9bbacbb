import { randomUUID } from 'node:crypto';
import { jsonAnswer, Refusal, type Answer } from './answer.js';
import { admit } from './answering.js';
import { pause, type Call } from './call.js';
import { findModel, type Model } from './models.js';
import { openPicture, REFERENCE_LIMITS } from './source-picture.js';
import { readStyleWish } from './style-wish.js';
import { BASIC_STYLES } from './styles.js';

/** API units of a style (recraft-api.md §7). */
const STYLE_UNITS = 5;

/** There from the start, and fits every model: a public style for examples. */
const SHARED_STYLE = '11111111-2222-3333-4444-555555555555';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export interface CustomStyle {
  readonly id: string;
  readonly style: string;
  readonly model: string;
  readonly match: string;
  readonly creation_time: string;
  readonly is_private: boolean;
}

/** The styles of the account. */
export class CustomStyles {
  readonly #styles = new Map<string, CustomStyle>();

  constructor(private readonly now: () => number) {}

  add(wish: {
    readonly model: string;
    readonly style?: string | undefined;
    readonly match?: string | undefined;
  }): CustomStyle {
    const model = findModel(wish.model);
    const style = {
      id: randomUUID(),
      style:
        wish.style ??
        (model?.output === 'vector' ? 'vector_illustration' : model?.line === 'v4' ? 'any' : 'realistic_image'),
      model: wish.model,
      match: wish.match ?? (model?.line === 'v4' ? 'precise' : 'regular'),
      creation_time: new Date(this.now()).toISOString(),
      is_private: true,
    };
    this.#styles.set(style.id, style);
    return style;
  }

  all(): readonly CustomStyle[] {
    return [...this.#styles.values()];
  }

  /** @throws Refusal, in the words recorded for generations; the status is inferred (recraft-api.md §9, §10) */
  get(id: string): CustomStyle {
    const style = this.#styles.get(id);
    if (style === undefined) throw new Refusal('Style not found or not accessible', undefined, 404);
    return style;
  }

  remove(id: string): void {
    this.get(id);
    this.#styles.delete(id);
  }

  /**
   * A style works with the models of its own family (recraft-api.md §6.1): raster V4 ones with each other, vector ones too.
   *
   * @throws Refusal for a style that nobody made or of another family
   */
  check(id: string | undefined, model: Model): void {
    if (id === undefined || id === SHARED_STYLE) return;
    const style = this.#styles.get(id);
    if (style === undefined || !UUID.test(id)) throw new Refusal('Style not found or not accessible');
    const own = findModel(style.model);
    if (own?.line === model.line && own.output === model.output) return;
    throw new Refusal(`The requested model '${model.id}' isn't compatible with the style's model '${style.model}'`);
  }

  clear(): void {
    this.#styles.clear();
  }
}

/** `POST /styles` (recraft-api.md §6.1). */
export async function createStyle(call: Call): Promise<Answer> {
  const { fields, state } = call;
  const wish = readStyleWish(fields);
  await Promise.all(wish.pictures.map((picture) => openPicture(picture, REFERENCE_LIMITS, state.pictures)));
  admit(call, 0);
  await pause(state.settings.latencyMs, call.gone);
  const style = state.styles.add({ model: wish.model.id, style: wish.style, match: wish.match });
  return jsonAnswer(200, { ...style, credits: STYLE_UNITS }, STYLE_UNITS);
}

export function listStyles({ state }: Call): Answer {
  return jsonAnswer(200, { styles: state.styles.all() });
}

export function readStyle({ state, parameter }: Call): Answer {
  return jsonAnswer(200, state.styles.get(parameter));
}

export function deleteStyle({ state, parameter }: Call): Answer {
  state.styles.remove(parameter);
  return jsonAnswer(200, {});
}

/** `GET /styles/basic`: the curated ones. */
export function listBasicStyles(): Answer {
  return jsonAnswer(200, { styles: BASIC_STYLES });
}
