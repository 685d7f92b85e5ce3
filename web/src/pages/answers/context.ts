import type { Span } from '@/api/queries/questions';
import type { Topic } from '@/api/types';

/** What every page of answers is about. */
export interface AnswersContext {
  topic: Topic;
  span: Span;
}
