/** Jobs of a component, gathered per lab, newest first. Pure. */
import type { ComponentJob, Id, Named } from '@/api/types';
import { isFinished } from '@/format/status';

export interface LabJobs extends Named {
  jobs: ComponentJob[];
  finished: number;
  passed: number;
}

export function perLab(jobs: readonly ComponentJob[], labs: readonly Named[]): LabJobs[] {
  const names = new Map(labs.map((lab) => [lab.id, lab.name]));
  const byLab = new Map<Id, ComponentJob[]>();
  for (const job of jobs) {
    const lab = job.remoteci_id ?? job.remoteci?.id ?? 'unknown';
    byLab.set(lab, [...(byLab.get(lab) ?? []), job]);
  }
  return [...byLab.entries()]
    .map(([id, all]) => ({
      id,
      name: names.get(id) ?? all[0]?.remoteci?.name ?? id.slice(0, 8),
      jobs: all.sort((a, b) => b.created_at.localeCompare(a.created_at)),
      finished: all.filter((job) => isFinished(job.status)).length,
      passed: all.filter((job) => job.status === 'success').length,
    }))
    .sort((a, b) => a.name.localeCompare(b.name));
}
