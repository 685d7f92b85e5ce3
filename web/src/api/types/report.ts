import type { Id, Moment, Named } from './wire';

export type DeliveryStatus = 'pending' | 'delivered' | 'failed';

export interface Delivery {
  id: Id;
  created_at: Moment;
  status: DeliveryStatus;
  attempts: number;
  next_at: Moment | null;
  delivered_at: Moment | null;
  answer: string | null;
  subject: string;
  body: unknown;
  target: Named & { channel: string };
  group_id: Id;
  topic_id: Id;
}
