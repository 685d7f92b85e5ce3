/** The steps of a job, as far as they are known. Pure. */
import type { Job, Stage, StageName, StageStatus } from '@/api/types';

const STAGE_NAMES: readonly StageName[] = ['provision', 'prepare', 'test', 'collect', 'teardown'];
/** What a job has only when its definition says so: not shown as waiting. */
const OPTIONAL: ReadonlySet<StageName> = new Set(['provision', 'teardown']);

export interface Step {
  name: StageName;
  status: StageStatus | 'waiting';
  stage: Stage | null;
}

export function stepsOf(stages: readonly Stage[], attempt: number): Step[] {
  return STAGE_NAMES.flatMap((name) => {
    const stage = stages.find((one) => one.name === name && one.attempt === attempt) ?? null;
    if (stage === null && OPTIONAL.has(name)) return [];
    return { name, status: stage?.status ?? 'waiting', stage };
  });
}

/** The stage that broke the attempt: the first one that went wrong. */
export function brokenStage(stages: readonly Stage[], attempt: number): Stage | null {
  const steps = stepsOf(stages, attempt);
  return (
    steps.find(({ status }) => status === 'failed' || status === 'errored')?.stage ?? null
  );
}

/** The attempt to show: the one asked for, else the newest. */
export function attemptOf(job: Job, wanted: string | null): number {
  const number = Number(wanted);
  return Number.isInteger(number) && number >= 1 && number <= job.attempt ? number : job.attempt;
}

/** Started by its lab, which tells of it in states and files; no agent of ours runs it. */
export function tellsItself({ definition_id, attempt }: Job): boolean {
  return definition_id === null && attempt === 0;
}
