/** Which labs have what a job definition needs of their machines. */
import { useQuery } from '@tanstack/react-query';
import { matchingQuery } from '@/api/queries/stored';
import type { MatchingLab } from '@/api/types';
import { QueryView } from '@/components/QueryView';
import type { PanelProps } from './describe';

const SHOWN = 50;

function Lacks({ lab }: { lab: MatchingLab }) {
  if (lab.fits) return <>{lab.connected ? 'could run it' : 'could run it, and is offline'}</>;
  if (lab.machines.length === 0) return <>has told nothing of its machines</>;
  return (
    <ul>
      {lab.machines.map(({ agent, unmet }) => (
        <li key={agent}>
          {agent}: {unmet.join(', ')}
        </li>
      ))}
    </ul>
  );
}

export function Matching({ stored }: PanelProps) {
  // With the etag: a definition that was changed needs other labels.
  const query = useQuery(matchingQuery(stored.id, stored.etag));
  return (
    <section className="rt-card" aria-labelledby="matching">
      <h2 id="matching">Labs that could run it</h2>
      <QueryView query={query}>
        {({ text, labs }) => (
          <>
            <p>{text}</p>
            <dl className="rt-facts">
              {labs.slice(0, SHOWN).map((lab) => (
                <div key={lab.id} className="rt-wide">
                  <dt>{lab.name}</dt>
                  <dd>
                    <Lacks lab={lab} />
                  </dd>
                </div>
              ))}
            </dl>
            {labs.length > SHOWN && <p className="rt-muted">and {labs.length - SHOWN} more</p>}
          </>
        )}
      </QueryView>
    </section>
  );
}
