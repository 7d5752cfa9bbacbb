/**
 * Whether node_modules has what the lock file names, for this machine, by npm's own record of what it installed
 * (node_modules/.package-lock.json): a checkout that was installed by hand needs no second `npm ci`.
 */
export function isInstalled(lock, record, machine = process) {
  const wanted = Object.entries(lock.packages ?? {}).filter(([path]) => path !== '');
  const present = Object.entries(record.packages ?? {});
  const missing = wanted.some(
    ([path, { optional, devOptional }]) => !optional && !devOptional && !record.packages?.[path],
  );
  const isNamed = ([path, entry]) => sameFile(lock.packages?.[path], entry) && runsOn(entry, machine);
  return present.length > 0 && !missing && present.every(isNamed);
}

const sameFile = (named, { version, integrity }) => named?.version === version && named?.integrity === integrity;

/** Native packages differ by platform: those of another machine are no use on this one. */
function runsOn({ os = [], cpu = [] }, { platform, arch }) {
  return (os.length === 0 || os.includes(platform)) && (cpu.length === 0 || cpu.includes(arch));
}
