/** An error as a person can read it, with what to do about it. */
import { Alert, AlertActionLink } from 'pf/Alert';
import { ApiError, UNREACHABLE } from '@/api/http';
import { ChangedMeanwhile } from '@/api/queries/stored';

const NOT_FOUND = { title: 'Not found', body: 'It may be gone, or belong to a team you are not in.' };

/** What to do about a refusal that its message alone does not say, by its status. */
function advice(status: number): string {
  if (status === 400) return 'Change what was asked, and try again.';
  if (status === 409) return 'Look at it as it is by now, and try again.';
  if (status === 413) return 'It is too large for this server; its administrators set the limit.';
  if (status === 429) return 'Too much was asked at once: wait a little, and try again.';
  if (status >= 500) return 'The server broke. Try again; if it stays so, tell its administrators when it was.';
  return `The server answered ${status}.`;
}

/** Title and advice, for a person. Pure. */
export function words(error: Error): { title: string; body: string } {
  if (error instanceof ChangedMeanwhile) {
    return { title: error.message, body: 'It is shown as it is by now: do it again if it still fits.' };
  }
  if (!(error instanceof ApiError)) return { title: 'Something broke', body: error.message };
  if (error.status === UNREACHABLE) {
    return { title: 'The server cannot be reached', body: 'Is it running? Is the network up?' };
  }
  if (error.status === 401) {
    return { title: 'You may not do this', body: 'Ask an administrator for access to its team.' };
  }
  if (error.status === 404) return NOT_FOUND;
  if (error.status === 409 && 'constraint' in error.payload) {
    const body = 'Something else has this name, perhaps something archived: choose another one.';
    return { title: 'There is one already', body };
  }
  return { title: error.message, body: advice(error.status) };
}

interface Props {
  error: Error;
  onRetry?: () => void;
}

export function ErrorBox({ error, onRetry }: Props) {
  const { title, body } = words(error);
  return (
    <Alert
      variant="danger"
      isInline
      title={title}
      className="rt-error"
      actionLinks={onRetry && <AlertActionLink onClick={onRetry}>Try again</AlertActionLink>}
    >
      {body}
    </Alert>
  );
}
