/** One failure: the verdict first, then since when, then the proof. */
import AngleDownIcon from 'icons/angle-down-icon';
import AngleRightIcon from 'icons/angle-right-icon';
import { Label } from 'pf/Label';
import { useEffect, useRef, useState } from 'react';
import { useLocation } from 'react-router';
import type { FailureGroup } from '@/api/types';
import { count, plural } from '@/format/size';
import type { Bundle } from './bundles';
import { Difference } from './Difference';
import { GroupDetails } from './GroupDetails';
import { sinceWords, verdictWords } from './groups';
import { KnownBadges } from './KnownAs';
import { Variants } from './Variants';

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
        <Label
          isCompact
          variant="outline"
          title="The newest component set has not shown it: fixed, or hidden by an earlier failure"
        >
          not seen in the newest set
        </Label>
      )}
      <KnownBadges issues={group.known_issues} />
      {group.kind === 'stage' && (
        <Label isCompact color="orange" title="A stage broke before tests could tell anything">
          stage
        </Label>
      )}
    </>
  );
}

export function GroupCard({ bundle, open }: { bundle: Bundle; open: boolean }) {
  const { lead, members, cases, jobs } = bundle;
  const { hash } = useLocation();
  const isNamed = members.some((member) => hash === `#${member.id}`);
  const [shown, setShown] = useState(open || isNamed);
  const card = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!isNamed) return;
    setShown(true);
    card.current?.scrollIntoView({ block: 'start' });
  }, [isNamed]);
  const { big, small } = verdictWords(lead);
  const since = sinceWords(lead);
  const Angle = shown ? AngleDownIcon : AngleRightIcon;
  return (
    <article id={lead.id} ref={card} className={`rt-group rt-group-${lead.verdict.scope}`}>
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
          <span className="rt-group-title">{lead.title}</span>
          <span className="rt-group-since">
            {!lead.known_since_first_run && since && (
              <span>
                since <b>{since}</b>
              </span>
            )}
            <Difference changes={lead.difference} />
            <Badges group={lead} />
          </span>
        </span>
        <span className="rt-group-count">
          <b>{count(cases)}</b> {cases === 1 ? 'case' : 'cases'}
          <span className="rt-small rt-muted">
            {members.length > 1 ? `in ${members.length} places` : `in ${plural(jobs, 'job')}`}
          </span>
        </span>
        <Angle className="rt-group-angle" />
      </button>
      {shown &&
        (members.length > 1 ? <Variants members={members} hash={hash} /> : <GroupDetails group={lead} />)}
    </article>
  );
}
