import { useOutletContext } from 'react-router';
import type { Job, Stage } from '@/api/types';

/** What the job page hands to its tabs. */
export interface JobContext {
  job: Job;
  stages: readonly Stage[];
  /** The attempt on the screen. */
  attempt: number;
}

export const useJob = (): JobContext => useOutletContext<JobContext>();
