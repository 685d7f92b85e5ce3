import type { FailureGroup } from '@/api/types';
import { plural } from '@/format/size';
import { GroupDetails } from './GroupDetails';

function placeOf(group: FailureGroup): string {
  const [test] = group.tests;
  if (!test) return group.template;
  const more = group.tests_count - 1;
  const name = [test.classname, test.name].filter(Boolean).join(' ');
  return more > 0 ? `${name} and ${plural(more, 'more test')}` : name;
}

/** The same failure in different places of the code: one line each, opened on demand. */
export function Variants({ members, hash }: { members: readonly FailureGroup[]; hash: string }) {
  return (
    <div className="rt-variants">
      {members.map((group, at) => (
        <details key={group.id} id={`place-${group.id}`} open={hash ? hash === `#${group.id}` : at === 0}>
          <summary>
            <span className="rt-variant-name">{placeOf(group)}</span>
          </summary>
          <GroupDetails group={group} />
        </details>
      ))}
    </div>
  );
}
