/** What a lab's own tool told of its run: job states, and a file for each task. Pure. */
import type { Id, JobFile, JobState } from '@/api/types';
import type { Tone } from '@/format/status';
import { toDate } from '@/format/time';

export type TaskOutcome = 'ok' | 'warned' | 'skipped' | 'failed' | 'unreachable';

/** The outcome is the first part of the file's name: Ansible callbacks write it so. */
const PREFIXES: readonly (readonly [string, TaskOutcome])[] = [
  ['failed/', 'failed'],
  ['unreachable/', 'unreachable'],
  ['skipped/', 'skipped'],
  ['warn/', 'warned'],
];

export const TASK_TONES: Record<TaskOutcome, Tone> = {
  ok: 'good',
  warned: 'warn',
  skipped: 'quiet',
  failed: 'bad',
  unreachable: 'bad',
};

export interface Task {
  file: JobFile;
  name: string;
  outcome: TaskOutcome;
  /** Seconds since the task or state before it. */
  took: number;
}

export type TaskRow =
  | { kind: 'state'; state: JobState; tasks: number; bad: number }
  | { kind: 'task'; task: Task };

export interface TaskFilter {
  q: string;
  bad: boolean;
  sort: 'date' | 'duration';
}

export function isBad({ outcome }: Task): boolean {
  return outcome === 'failed' || outcome === 'unreachable';
}

export function readName(name: string): { name: string; outcome: TaskOutcome } {
  const known = PREFIXES.find(([prefix]) => name.startsWith(prefix));
  return known ? { name: name.slice(known[0].length), outcome: known[1] } : { name, outcome: 'ok' };
}

/** Tasks of each state in the order of time; what took how long is told by their distances. */
export function tasksByState(
  states: readonly JobState[],
  files: readonly JobFile[],
): { state: JobState; tasks: Task[] }[] {
  const groups = new Map<Id, JobFile[]>(states.map(({ id }) => [id, []]));
  for (const file of files) if (file.jobstate_id) groups.get(file.jobstate_id)?.push(file);
  return states.map((state) => {
    let before = toDate(state.created_at).getTime();
    const tasks = (groups.get(state.id) ?? []).map((file) => {
      const at = toDate(file.created_at).getTime();
      const took = Math.max(0, (at - before) / 1000);
      before = at;
      return { file, took, ...readName(file.name) };
    });
    return { state, tasks };
  });
}

/** The rows on the screen: states with their tasks, or tasks alone, the longest first. */
export function rowsOf(
  groups: readonly { state: JobState; tasks: readonly Task[] }[],
  { q, bad, sort }: TaskFilter,
): TaskRow[] {
  const needle = q.toLowerCase();
  const fits = (task: Task) =>
    (!bad || isBad(task)) && task.name.toLowerCase().includes(needle);
  const row = (task: Task): TaskRow => ({ kind: 'task', task });
  if (sort === 'duration') {
    const all = groups.flatMap(({ tasks }) => tasks).filter(fits);
    return all.sort((a, b) => b.took - a.took).map(row);
  }
  return groups.flatMap(({ state, tasks }) => {
    const head = { kind: 'state', state, tasks: tasks.length, bad: tasks.filter(isBad).length };
    return [head as TaskRow, ...tasks.filter(fits).map(row)];
  });
}

export function readTaskFilter(params: URLSearchParams): TaskFilter {
  return {
    q: params.get('q') ?? '',
    bad: params.get('only') === 'failed',
    sort: params.get('sort') === 'duration' ? 'duration' : 'date',
  };
}
