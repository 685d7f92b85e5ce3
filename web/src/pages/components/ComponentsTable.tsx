import { Link } from 'react-router';
import type { Component, Id, Topic } from '@/api/types';
import { Cell, DataTable, Row } from '@/components/DataTable';
import { Time } from '@/components/Time';

interface Props {
  components: readonly Component[];
  topics: readonly Topic[];
  busy: boolean;
  onOpen: (id: Id) => void;
}

export function ComponentsTable({ components, topics, busy, onOpen }: Props) {
  const names = new Map(topics.map((topic) => [topic.id, topic.name]));
  return (
    <DataTable
      label="Components"
      columns={['Component', 'Type', 'Version', 'Topic', 'Tags', 'Released']}
      busy={busy}
    >
      {components.map((component) => (
        <Row key={component.id} onOpen={() => onOpen(component.id)}>
          <Cell label="Component">
            <Link to={`/components/${component.id}`} className="rt-strong">
              {component.display_name}
            </Link>
          </Cell>
          <Cell label="Type">
            <Link to={`/components?type=${encodeURIComponent(component.type)}`}>
              {component.type}
            </Link>
          </Cell>
          <Cell label="Version">{component.version || '–'}</Cell>
          <Cell label="Topic">
            <Link to={`/components?topic=${component.topic_id}`}>
              {names.get(component.topic_id) ?? component.topic_id.slice(0, 8)}
            </Link>
          </Cell>
          <Cell label="Tags">
            {component.tags.map((tag) => (
              <span key={tag} className="rt-pill">
                {tag}
              </span>
            ))}
          </Cell>
          <Cell label="Released">
            <Time at={component.released_at} />
          </Cell>
        </Row>
      ))}
    </DataTable>
  );
}
