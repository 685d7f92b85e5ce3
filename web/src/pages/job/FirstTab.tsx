/** The tab that says most of a job: its log, or the tasks that its lab told of. */
import { Navigate, useLocation } from 'react-router';
import { useJob } from './context';
import { tellsItself } from './stages';

export function FirstTab() {
  const { job } = useJob();
  const { hash } = useLocation();
  return <Navigate to={`/jobs/${job.id}/${tellsItself(job) ? 'tasks' : 'log'}${hash}`} replace />;
}
