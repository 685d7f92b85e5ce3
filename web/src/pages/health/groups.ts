/** Order, filter and words of failure groups. Pure. */
import type { FailureGroup, Scope } from '@/api/types';

export interface GroupFilter {
  scope: Scope | null;
  seen: 'new' | 'known' | null;
}

const SCOPES: readonly Scope[] = ['everyone', 'one_lab', 'some_labs', 'only_run'];

export function readFilter(params: URLSearchParams): GroupFilter {
  const scope = params.get('scope');
  const seen = params.get('seen');
  return {
    scope: SCOPES.find((known) => known === scope) ?? null,
    seen: seen === 'new' || seen === 'known' ? seen : null,
  };
}

export function matches(group: FailureGroup, filter: GroupFilter): boolean {
  if (filter.scope && group.verdict.scope !== filter.scope) return false;
  if (filter.seen && group.known_since_first_run !== (filter.seen === 'known')) return false;
  return true;
}

/** What matters first: still there, new, seen by everyone, seen often. */
export function inOrder(groups: readonly FailureGroup[]): FailureGroup[] {
  const rank = (group: FailureGroup) =>
    (group.in_latest_set ? 0 : 4) +
    (group.known_since_first_run ? 2 : 0) +
    (group.verdict.scope === 'everyone' ? 0 : 1);
  return [...groups].sort(
    (a, b) => rank(a) - rank(b) || b.cases - a.cases || a.title.localeCompare(b.title),
  );
}

const NAMED = 4;

/** `lab-a, lab-b and 7 more`: a long list of names says less than its length. */
function firstNames({ hit, labs_hit }: FailureGroup['verdict']): string {
  const named = labs_hit.slice(0, hit > NAMED + 1 ? NAMED : hit).map((lab) => lab.name);
  const left = hit - named.length;
  return `${named.join(', ')}${left > 0 ? ` and ${left} more` : ''}`;
}

/** The verdict as the first thing to read. */
export function verdictWords({ verdict }: FailureGroup): { big: string; small: string } {
  const hit = verdict.labs_hit;
  const first = hit[0]?.name ?? 'a lab';
  const of = verdict.run;
  switch (verdict.scope) {
    case 'everyone':
      return { big: 'Everyone', small: `all ${of} labs that ran it` };
    case 'one_lab':
      return { big: `Only ${first}`, small: `1 of ${of} labs that ran it` };
    case 'some_labs':
      return { big: `${verdict.hit} of ${of} labs`, small: firstNames(verdict) };
    case 'only_run':
      return { big: first, small: 'no other lab to compare with' };
  }
}

/** The failure that says most about the newest set, if one does. */
export function mainCause(groups: readonly FailureGroup[]): FailureGroup | null {
  return inOrder(groups).find((group) => group.in_latest_set) ?? null;
}

/** `markupsafe 2.1.0`: the versions that the failure came with. */
export function sinceWords(group: FailureGroup): string {
  const came = group.difference.filter((change) => change.after);
  if (came.length === 0) return '';
  return came.map((change) => `${change.type} ${change.after?.version ?? '?'}`).join(', ');
}
