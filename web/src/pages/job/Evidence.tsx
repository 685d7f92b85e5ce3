/** Why the job went wrong, before anyone has to look for it. */
import { Alert, AlertActionLink } from 'pf/Alert';
import { Button } from 'pf/Button';
import { useEffect, useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import type { Job, Stage } from '@/api/types';
import { parseLine } from '@/log/ansi';
import { AnsiText } from '@/log/AnsiText';
import { useFirstAnswer } from './FirstAnswer';
import { brokenStage } from './stages';

interface Props {
  job: Job;
  stages: readonly Stage[];
  attempt: number;
}

/** The end of what the stage printed; its last lines say most. */
function EvidenceText({ text, open }: { text: string; open: boolean }) {
  const [shown, setShown] = useState(open);
  const box = useRef<HTMLPreElement>(null);
  useEffect(() => setShown(open), [open]);
  useEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [shown, text]);
  if (!shown) {
    return (
      <Button variant="link" isInline onClick={() => setShown(true)}>
        Show the end of its output
      </Button>
    );
  }
  return (
    <pre className="rt-sample" ref={box} tabIndex={0} aria-label="End of the stage's output">
      {text.split('\n').map((line, at) => (
        <span key={at}>
          <AnsiText pieces={parseLine(line).spans} />
          {'\n'}
        </span>
      ))}
    </pre>
  );
}

export function Evidence({ job, stages, attempt }: Props) {
  const navigate = useNavigate();
  // Telling lines say more than the last ones; beside other tabs the proof would push away
  // what one came for.
  const { isWanted, isLoading, answer } = useFirstAnswer(job);
  const isOpen = isWanted && !isLoading && !answer?.lines.length;
  const broken = brokenStage(stages, attempt);
  const reason = job.status_reason;
  if (!broken && !(reason && job.phase === 'finished')) return null;
  const isWarning = broken?.status === 'errored' || job.status === 'error' || job.status === 'killed';
  const search = attempt === job.attempt ? '' : `?attempt=${attempt}`;
  const line = broken?.first_line;
  return (
    <Alert
      variant={isWarning ? 'warning' : 'danger'}
      isInline
      className="rt-evidence"
      component="h2"
      title={broken ? `The ${broken.name} stage ${broken.status}` : (reason ?? '')}
      actionLinks={
        <>
          {line !== null && line !== undefined && (
            <AlertActionLink
              onClick={() => void navigate(`/jobs/${job.id}/log${search}#L${line + 1}`)}
            >
              See it in the log
            </AlertActionLink>
          )}
          {(job.tests?.failures || job.tests?.errors) && (
            <AlertActionLink
              onClick={() => void navigate(`/jobs/${job.id}/tests?outcome=failed,errored`)}
            >
              See the failed tests
            </AlertActionLink>
          )}
        </>
      }
    >
      {broken?.message && <p>{broken.message}</p>}
      {broken && reason && reason !== broken.message && <p>{reason}</p>}
      {broken?.evidence && <EvidenceText text={broken.evidence} open={isOpen} />}
    </Alert>
  );
}
