import type Sharp from 'sharp';

let loading: Promise<typeof Sharp> | undefined;

/** The picture library, loaded with the first picture that needs it: most gateways never do, and are smaller for it. */
export function loadSharp(): Promise<typeof Sharp> {
  loading ??= import('sharp').then((library) => library.default);
  return loading;
}
