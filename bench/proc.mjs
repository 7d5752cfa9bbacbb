/** What the Linux kernel tells about processes and cores (proc(5)). */
import { readdir, readFile, writeFile } from 'node:fs/promises';

/** Clock ticks a second of every figure in /proc; fixed by the kernel's interface. */
const TICKS_PER_SECOND = 100;
const PEAK_RSS = '5';

/** CPU seconds, user and system, that a process has used with all its threads. */
export async function cpuSeconds(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The command's name may hold spaces: count fields behind its closing bracket, where field 3 comes first.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** The same of a process and the children it has now. */
export async function familyCpuSeconds(pid) {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const pids = [pid, ...children.trim().split(' ').filter(Boolean).map(Number)];
  const seconds = await Promise.all(pids.map((each) => cpuSeconds(each).catch(() => 0))); // It has ended.
  return seconds.reduce((sum, each) => sum + each, 0);
}

/** Seconds that a process has been on a core with all the threads it has now, to the nanosecond. */
export async function processorSeconds(pid) {
  const threads = await readdir(`/proc/${pid}/task`);
  const read = (thread) => readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => '0'); // It has ended.
  const figures = await Promise.all(threads.map(read));
  return figures.reduce((sum, figure) => sum + Number(figure.split(' ')[0]), 0) / 1e9;
}

/** Seconds a core has spent on processes (or lost to other guests of its host) since the start; interrupts left out. */
export async function coreBusySeconds(core) {
  const stat = await readFile('/proc/stat', 'utf8');
  const line = stat.split('\n').find((each) => each.startsWith(`cpu${core} `));
  const [user, nice, system, , , , , steal] = line.trim().split(/\s+/).slice(1).map(Number);
  return (user + nice + system + steal) / TICKS_PER_SECOND;
}

/** Forgets the highest resident size so far, so that start-up and warm-up do not count. */
export async function forgetPeakMemory(pid) {
  await writeFile(`/proc/${pid}/clear_refs`, PEAK_RSS);
}

/** Highest resident size since forgetPeakMemory, in MB (10^6 bytes). */
export async function peakMemoryMb(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return (Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)[1]) * 1024) / 1e6;
}
