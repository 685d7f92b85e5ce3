/** A job that a lab ran with a tool of its own: states, and a file for each task. */
import type { JobFile, JobState } from '@/api/types';
import { before, id } from './catalog.ts';

export const TOLD_JOB = id(6, 9);
export const FAILED_TASK = id(14, 1510);
const STATES = [
  ['new', 60],
  ['pre-run', 59],
  ['running', 50],
  ['failure', 5],
] as const;
const ROLES = ['prepare : install the packages', 'cluster : wait for the nodes', 'tests : run the suite'];

export function toldStates(): JobState[] {
  return STATES.map(([status, minutes], at) => ({
    id: id(13, 900 + at),
    status,
    comment: status === 'failure' ? 'the suite failed' : null,
    created_at: before(minutes),
  }));
}

export function toldFiles(tasks = 3020): JobFile[] {
  return Array.from({ length: tasks }, (_, at) => {
    const minutes = 58.9 - (at / tasks) * 53.9;
    const state = minutes > 50 ? 1 : minutes > 5 ? 2 : 3;
    const prefix = id(14, at) === FAILED_TASK ? 'failed/' : at % 9 === 4 ? 'skipped/' : '';
    return {
      id: id(14, at),
      name: `${prefix}TASK [${ROLES[at % 3]} ${at}]`,
      mime: 'application/x-ansible-output',
      size: 420,
      md5: null,
      jobstate_id: id(13, 900 + state),
      job_id: TOLD_JOB,
      created_at: before(minutes),
    };
  });
}
