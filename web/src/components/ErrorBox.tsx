/** An error as a person can read it, with what to do about it. */
import { Alert, AlertActionLink } from 'pf/Alert';
import { ApiError, UNREACHABLE } from '@/api/http';

function words(error: Error): { title: string; body: string } {
  if (!(error instanceof ApiError)) return { title: 'Something broke', body: error.message };
  if (error.status === UNREACHABLE) {
    return { title: 'The server cannot be reached', body: 'Is it running? Is the network up?' };
  }
  if (error.status === 401) {
    return { title: 'You may not see this', body: 'Ask an administrator for access to its team.' };
  }
  if (error.status === 404) {
    return { title: 'Not found', body: 'It may be gone, or belong to a team you are not in.' };
  }
  if (error.status === 409 && 'constraint' in error.payload) {
    const body = 'Something else has this name, perhaps something archived: choose another one.';
    return { title: 'There is one already', body };
  }
  return { title: error.message, body: `The server answered ${error.status}.` };
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
