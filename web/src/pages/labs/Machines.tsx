/** What a lab's machines are made of: labels, and the rest when somebody wants to see it. */
import { useQuery } from '@tanstack/react-query';
import { machinesQuery } from '@/api/queries/labs';
import type { Id, Machine } from '@/api/types';
import { Time } from '@/components/Time';
import { Changes } from './Changes';

/** One line per value; flags of processors are too many to be read. */
export function lines(tree: Record<string, unknown>, above = ''): [string, string][] {
  return Object.entries(tree).flatMap(([name, value]): [string, string][] => {
    if (name === 'flags') return [];
    if (value !== null && typeof value === 'object')
      return lines(value as Record<string, unknown>, `${above}${name} / `);
    return [[`${above}${name}`, String(value)]];
  });
}

function OneMachine({ machine }: { machine: Machine }) {
  return (
    <div>
      <p className="rt-lab-topics" aria-label={`Labels of ${machine.agent}`}>
        {Object.entries(machine.labels).map(([name, value]) => (
          <span key={name} className="rt-pill">
            {name}: {value}
          </span>
        ))}
      </p>
      <details className="rt-more">
        <summary>
          What {machine.agent.split('/')[0]} is made of
          {machine.changes && (
            <>
              {' '}
              · changed <Time at={machine.created_at} />
            </>
          )}
        </summary>
        {machine.changes && <Changes changes={machine.changes} />}
        <dl className="rt-small rt-inventory" tabIndex={0} aria-label={`What ${machine.agent.split('/')[0]} is made of`}>
          {lines(machine.inventory).map(([name, value]) => (
            <div key={name}>
              <dt className="rt-muted">{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </details>
    </div>
  );
}

export function Machines({ lab }: { lab: Id }) {
  const machines = useQuery(machinesQuery(lab)).data ?? [];
  return machines.map((machine) => <OneMachine key={machine.id} machine={machine} />);
}
