/** One failure: the verdict first, then since when, then the proof. */
import AngleDownIcon from 'icons/angle-down-icon';
import AngleRightIcon from 'icons/angle-right-icon';
import { Label } from 'pf/Label';
import { useEffect, useRef, useState } from 'react';
import type { FailureGroup } from '@/api/types';
import { count, plural } from '@/format/size';
import { GroupDetails } from './GroupDetails';
import { sinceWords, verdictWords } from './groups';
import { Difference } from './Difference';

function Badges({ group }: { group: FailureGroup }) {
  return (
    <>
      {group.known_since_first_run ? (
        <Label isCompact variant="outline" title="It failed in the very first run of the topic">
          known since the first run
        </Label>
      ) : (
        <Label isCompact color="red">
          new
        </Label>
      )}
      {!group.in_latest_set && (
        <Label isCompact color="green" title="The newest component set does not show it">
          gone in the newest set
        </Label>
      )}
      {group.kind === 'stage' && (
        <Label isCompact color="orange" title="A stage broke, not a test">
          environment
        </Label>
      )}
    </>
  );
}

export function GroupCard({ group, open }: { group: FailureGroup; open: boolean }) {
  const [shown, setShown] = useState(open);
  const card = useRef<HTMLElement>(null);
  const named = window.location.hash === `#${group.id}`;
  useEffect(() => {
    if (!named) return;
    setShown(true);
    card.current?.scrollIntoView({ block: 'start' });
  }, [named]);
  const { big, small } = verdictWords(group);
  const since = sinceWords(group);
  const Angle = shown ? AngleDownIcon : AngleRightIcon;
  return (
    <article id={group.id} ref={card} className={`rt-group rt-group-${group.verdict.scope}`}>
      <button
        type="button"
        className="rt-group-head"
        aria-expanded={shown}
        data-row
        onClick={() => setShown(!shown)}
      >
        <span className="rt-verdict">
          <span className="rt-verdict-big">{big}</span>
          <span className="rt-small rt-muted">{small}</span>
        </span>
        <span className="rt-group-what">
          <span className="rt-group-title">{group.title}</span>
          <span className="rt-group-since">
            {group.known_since_first_run || !since ? null : (
              <>
                since <b>{since}</b>
              </>
            )}
            <Difference changes={group.difference} />
            <Badges group={group} />
          </span>
        </span>
        <span className="rt-group-count">
          <b>{count(group.cases)}</b> {group.cases === 1 ? 'case' : 'cases'}
          <span className="rt-small rt-muted">in {plural(group.occurrences, 'job')}</span>
        </span>
        <Angle className="rt-group-angle" />
      </button>
      {shown && <GroupDetails group={group} />}
    </article>
  );
}
