/**
 * Failures that read the same are shown as one: same words, same labs, same versions.
 * The server keeps them apart because they break in different places. Pure.
 */
import type { FailureGroup } from '@/api/types';

export interface Bundle {
  /** The member that is seen most; its words stand for all. */
  lead: FailureGroup;
  members: FailureGroup[];
  cases: number;
  jobs: number;
}

function likeness(group: FailureGroup): string {
  const { title, kind, verdict, difference, known_since_first_run, in_latest_set } = group;
  const labs = verdict.labs_hit.map((lab) => lab.id).sort();
  const versions = difference.map(({ before, after }) => [before?.id, after?.id]);
  return JSON.stringify([title, kind, verdict.scope, labs, versions, known_since_first_run, in_latest_set]);
}

/** In the order of their first members; each group is in exactly one bundle. */
export function bundlesOf(groups: readonly FailureGroup[]): Bundle[] {
  const alike = new Map<string, FailureGroup[]>();
  for (const group of groups) {
    const key = likeness(group);
    alike.set(key, [...(alike.get(key) ?? []), group]);
  }
  return [...alike.values()].map((members) => {
    const lead = members.reduce((most, one) => (one.cases > most.cases ? one : most));
    return {
      lead,
      members,
      cases: members.reduce((sum, one) => sum + one.cases, 0),
      jobs: Math.max(...members.map((one) => one.occurrences)),
    };
  });
}
