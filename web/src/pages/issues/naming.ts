/** Where failures get a name. Pure. */

const LONGEST = 200;

/** The address where a failure group gets a name. */
export function namingAddress(group: { id: string; title: string; topic_id: string }): string {
  const params = new URLSearchParams({
    kind: 'signature',
    pattern: group.id,
    name: group.title.slice(0, LONGEST),
    topic: group.topic_id,
  });
  return `/issues/new?${params.toString()}`;
}
