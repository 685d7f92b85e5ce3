import { useQuery } from '@tanstack/react-query';
import ServerIcon from 'icons/server-icon';
import { useEffect } from 'react';
import { useLocation } from 'react-router';
import { labsQuery } from '@/api/queries/labs';
import { Commands, Teach } from '@/components/Teach';
import { PageHead } from '@/components/PageHead';
import { QueryView } from '@/components/QueryView';
import { plural } from '@/format/size';
import { LabCard } from './LabCard';

const COMMANDS = [
  'ringtest lab create NAME --team TEAM',
  'ringtest lab subscribe NAME --topic TOPIC',
  `DCI_API_SECRET=… ringtest agent --server ${window.location.origin} --id remoteci/ID --data FOLDER`,
];

export function LabsPage() {
  const query = useQuery(labsQuery);
  const { hash } = useLocation();
  const loaded = query.data !== undefined;
  useEffect(() => {
    if (loaded && hash) document.getElementById(hash.slice(1))?.scrollIntoView({ block: 'center' });
  }, [loaded, hash]);
  const connected = query.data?.filter((lab) => lab.connected).length ?? 0;
  return (
    <>
      <PageHead
        title="Labs"
        lead={
          query.data && query.data.length > 0
            ? `${plural(query.data.length, 'lab')}, ${connected} connected`
            : undefined
        }
      />
      <QueryView query={query}>
        {(labs) =>
          labs.length === 0 ? (
            <Teach title="No lab yet" icon={ServerIcon} commands={COMMANDS}>
              A lab is where a partner runs the tests. Its agent connects from inside: no port has to
              be opened.
            </Teach>
          ) : (
            <>
              <div className="rt-cards">
                {labs.map((lab) => (
                  <LabCard key={lab.id} lab={lab} named={hash === `#${lab.id}`} />
                ))}
              </div>
              <details className="rt-more">
                <summary>Connect another lab</summary>
                <p>
                  A lab is created once, then its agent runs there; the connection goes from the lab
                  to this server only.
                </p>
                <Commands commands={COMMANDS} />
              </details>
            </>
          )
        }
      </QueryView>
    </>
  );
}
