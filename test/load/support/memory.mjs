/** What the Linux kernel tells about a process's memory (proc(5)), in MB (10^6 bytes). */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';

const PEAK_RSS = '5';

export const canMeasureMemory = existsSync('/proc/self/clear_refs');

async function statusField(pid, name) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return (Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)[1]) * 1024) / 1e6;
}

/** Resident now. */
export function residentMb(pid) {
  return statusField(pid, 'VmRSS');
}

/** The most that was ever resident, or since `forgetPeak`. */
export function peakMb(pid) {
  return statusField(pid, 'VmHWM');
}

export async function forgetPeak(pid) {
  await writeFile(`/proc/${pid}/clear_refs`, PEAK_RSS);
}
