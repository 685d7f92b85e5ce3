/** The answer of one topic in a line: what the newest component set does in the labs. */
import { useQuery } from '@tanstack/react-query';
import { Skeleton } from 'pf/Skeleton';
import { healthQuery } from '@/api/queries/health';
import type { Id } from '@/api/types';
import { ToneIcon } from '@/components/StatusLabel';
import { versionOf } from '@/components/Versions';
import { answerOf } from '@/pages/health/answer';

export function TopicAnswer({ productId, topicId }: { productId: Id; topicId: Id }) {
  const query = useQuery(healthQuery(productId, topicId));
  if (query.isPending) return <Skeleton width="12rem" height="1.2rem" />;
  if (query.isError) return <span className="rt-muted">answer not available</span>;
  const answer = answerOf(query.data);
  const latest = query.data.sets[0];
  return (
    <span className="rt-topic-answer">
      <span className={`rt-tone-${answer.tone}`}>
        <ToneIcon look={{ label: answer.text, tone: answer.tone, hint: '' }} /> {answer.text}
      </span>
      {latest && (
        <span className="rt-muted rt-small">
          {latest.components.map((one) => `${one.type} ${versionOf(one)}`).join(' · ')}
        </span>
      )}
    </span>
  );
}
