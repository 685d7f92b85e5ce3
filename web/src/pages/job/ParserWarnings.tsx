import { Alert } from 'pf/Alert';
import type { ResultFile } from '@/api/types';
import { plural } from '@/format/size';

function words(warning: unknown): string {
  if (typeof warning === 'string') return warning;
  if (typeof warning === 'object' && warning !== null && 'message' in warning) {
    return String(warning.message);
  }
  return JSON.stringify(warning);
}

/** What the parser could not read: results must not look complete when they are not. */
export function ParserWarnings({ results }: { results: readonly ResultFile[] }) {
  const warned = results.filter((file) => file.warnings && file.warnings.length > 0);
  if (warned.length === 0) return null;
  const total = warned.reduce((sum, file) => sum + (file.warnings?.length ?? 0), 0);
  return (
    <Alert
      variant="warning"
      isInline
      isExpandable
      component="h2"
      className="rt-evidence"
      title={`${plural(total, 'thing')} in the result files could not be read as written`}
    >
      <ul>
        {warned.flatMap((file) =>
          (file.warnings ?? []).map((warning, at) => (
            <li key={`${file.file_id}/${at}`}>
              <b>{file.name}</b>: {words(warning)}
            </li>
          )),
        )}
      </ul>
    </Alert>
  );
}
