import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import AngleDownIcon from 'icons/angle-down-icon';
import AngleRightIcon from 'icons/angle-right-icon';
import RedoIcon from 'icons/redo-icon';
import { Button } from 'pf/Button';
import { useEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'react-router';
import { keys } from '@/api/keys';
import { topicsQuery } from '@/api/queries/catalog';
import { retryDelivery } from '@/api/queries/reports';
import type { Delivery } from '@/api/types';
import { ErrorBox } from '@/components/ErrorBox';
import { DeliveryLabel } from '@/components/StatusLabel';
import { Time } from '@/components/Time';
import { useNow } from '@/components/useNow';
import { plural } from '@/format/size';
import { toDate } from '@/format/time';
import { messageOf } from './message';

function When({ delivery }: { delivery: Delivery }) {
  const now = useNow();
  const isDue = delivery.next_at !== null && toDate(delivery.next_at).getTime() <= now;
  if (delivery.delivered_at) {
    return (
      <>
        delivered <Time at={delivery.delivered_at} />
      </>
    );
  }
  if (delivery.status === 'pending' && delivery.next_at) {
    return (
      <>
        {isDue ? 'next try is due' : 'next try '}
        {!isDue && <Time at={delivery.next_at} />}
      </>
    );
  }
  return (
    <>
      created <Time at={delivery.created_at} />
    </>
  );
}

function GroupLink({ delivery }: { delivery: Delivery }) {
  const topics = useQuery(topicsQuery).data ?? [];
  const topic = topics.find((one) => one.id === delivery.topic_id);
  if (!topic) return null;
  return (
    <Link to={`/products/${topic.product_id}?topic=${topic.id}#${delivery.group_id}`}>
      The failure it tells of
    </Link>
  );
}

function Body({ delivery }: { delivery: Delivery }) {
  const client = useQueryClient();
  const retry = useMutation({
    mutationFn: () => retryDelivery(delivery.id),
    onSettled: () => client.invalidateQueries({ queryKey: keys.deliveries }),
  });
  const { words, data } = messageOf(delivery.body);
  return (
    <div className="rt-group-body">
      <div className="rt-delivery-actions">
        <GroupLink delivery={delivery} />
        {delivery.status !== 'delivered' && (
          <Button
            variant="secondary"
            size="sm"
            icon={<RedoIcon />}
            isLoading={retry.isPending}
            isDisabled={retry.isPending}
            onClick={() => retry.mutate()}
          >
            Try again now
          </Button>
        )}
      </div>
      {retry.isError && <ErrorBox error={retry.error} />}
      {delivery.answer && (
        <div>
          <h3 className="rt-part">The receiver answered</h3>
          <pre className="rt-sample">{delivery.answer}</pre>
        </div>
      )}
      <div>
        <h3 className="rt-part">Message</h3>
        {words !== null && <pre className="rt-sample">{words}</pre>}
        {data !== null && (
          <details className="rt-data" open={words === null}>
            <summary>Data of the message</summary>
            <pre className="rt-sample">{data}</pre>
          </details>
        )}
      </div>
    </div>
  );
}

export function DeliveryCard({ delivery }: { delivery: Delivery }) {
  const named = useLocation().hash === `#${delivery.id}`;
  const [open, setOpen] = useState(named);
  const card = useRef<HTMLElement>(null);
  useEffect(() => {
    if (named) card.current?.scrollIntoView({ block: 'center' });
  }, [named]);
  const Angle = open ? AngleDownIcon : AngleRightIcon;
  return (
    <article id={delivery.id} ref={card} className="rt-group rt-delivery">
      <button
        type="button"
        className="rt-group-head"
        aria-expanded={open}
        data-row
        onClick={() => setOpen(!open)}
      >
        <span className="rt-delivery-status">
          <DeliveryLabel status={delivery.status} />
        </span>
        <span className="rt-group-what">
          <span className="rt-group-title">{delivery.subject}</span>
          <span className="rt-muted rt-small">
            {delivery.target.channel} to {delivery.target.name} · {plural(delivery.attempts, 'attempt')}
          </span>
        </span>
        <span className="rt-small rt-muted rt-nowrap">
          <When delivery={delivery} />
        </span>
        <Angle className="rt-group-angle" />
      </button>
      {open && <Body delivery={delivery} />}
    </article>
  );
}
