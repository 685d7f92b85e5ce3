/** The one answer: what the newest component set does in the labs. Pure. */
import type { Health, HealthCell, HealthLab, HealthSet } from '@/api/types';
import type { Tone } from '@/format/status';
import { isFinished } from '@/format/status';
import { plural } from '@/format/size';

export interface Answer {
  tone: Tone;
  text: string;
  /** A second sentence, when there is more to say. */
  more: string | null;
}

interface Tally {
  passed: HealthLab[];
  bad: HealthLab[];
  open: HealthLab[];
  missing: HealthLab[];
}

const isBad = (cell: HealthCell) => cell.status === 'failure' || cell.status === 'error';

export function tally(set: HealthSet, labs: readonly HealthLab[]): Tally {
  const tally: Tally = { passed: [], bad: [], open: [], missing: [] };
  for (const lab of labs) {
    const cell = set.cells[lab.id];
    if (!cell || cell.status === 'killed') tally.missing.push(lab);
    else if (!isFinished(cell.status)) tally.open.push(lab);
    else (isBad(cell) ? tally.bad : tally.passed).push(lab);
  }
  return tally;
}

/** Labs that ran the newest sets first, then by name as people count: lab 2 before lab 10. */
export function labsInOrder({ labs, sets }: Pick<Health, 'sets' | 'labs'>): HealthLab[] {
  const age = new Map(labs.map(({ id }) => [id, sets.findIndex((set) => set.cells[id])]));
  const rank = ({ id }: HealthLab) => {
    const at = age.get(id) ?? -1;
    return at < 0 ? sets.length : at;
  };
  return [...labs].sort(
    (a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, 'en', { numeric: true }),
  );
}

function names(labs: readonly HealthLab[]): string {
  const all = labs.map((lab) => lab.name);
  if (all.length <= 1) return all.join('');
  if (all.length > 3) return plural(all.length, 'lab');
  return `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
}

function rest({ open, missing }: Tally): string | null {
  const parts: string[] = [];
  if (open.length) parts.push(`${names(open)} not done yet`);
  if (missing.length) parts.push(`${names(missing)} did not run it`);
  return parts.length ? `${parts.join('; ')}.` : null;
}

export function answerOf(health: Pick<Health, 'sets' | 'labs'>): Answer {
  const latest = health.sets[0];
  if (!latest) return { tone: 'quiet', text: 'No answer yet', more: null };
  const all = tally(latest, health.labs);
  const done = all.passed.length + all.bad.length;
  const more = rest(all);
  if (done === 0) {
    return all.open.length
      ? { tone: 'busy', text: `Running in ${names(all.open)}`, more: null }
      : { tone: 'quiet', text: 'No lab has run the newest set', more: null };
  }
  if (all.bad.length === 0) {
    if (all.open.length) return { tone: 'busy', text: `Passes in ${names(all.passed)} so far`, more };
    const text = all.missing.length ? `Passes in ${names(all.passed)}` : 'Passes everywhere';
    return { tone: 'good', text, more };
  }
  if (all.passed.length === 0) {
    const everywhere = done > 1 && all.open.length === 0 && all.missing.length === 0;
    return { tone: 'bad', text: everywhere ? 'Fails everywhere' : `Fails in ${names(all.bad)}`, more };
  }
  return {
    tone: 'bad',
    text: `Fails only in ${names(all.bad)}`,
    more: [`Passes in ${names(all.passed)}.`, more].filter(Boolean).join(' '),
  };
}
