import { useQuery } from '@tanstack/react-query';
import CubesIcon from 'icons/cubes-icon';
import { FormSelect, FormSelectOption } from 'pf/FormSelect';
import { useNavigate } from 'react-router';
import { componentsQuery, topicsQuery } from '@/api/queries/catalog';
import type { Component, Topic } from '@/api/types';
import { Exports } from '@/charts/Exports';
import type { Column } from '@/charts/export';
import { TableFoot } from '@/components/DataTable';
import { PageHead } from '@/components/PageHead';
import { Pager } from '@/components/Pager';
import { Bars, QueryView } from '@/components/QueryView';
import { SearchField } from '@/components/SearchField';
import { Teach } from '@/components/Teach';
import { useAddress } from '@/components/useAddress';
import { plural } from '@/format/size';
import { ComponentsTable } from './ComponentsTable';
import { toComponentParams } from './filters';

function Filters({ topics, types }: { topics: readonly Topic[]; types: readonly string[] }) {
  const { get, set } = useAddress();
  return (
    <div className="rt-filters" role="search" aria-label="Filter components">
      <SearchField param="name" label="Name contains" />
      <FormSelect
        aria-label="Topic"
        className="rt-select"
        value={get('topic')}
        onChange={(_, value) => set({ topic: value }, { step: true })}
      >
        <FormSelectOption value="" label="Topic: any" />
        {topics.map((topic) => (
          <FormSelectOption key={topic.id} value={topic.id} label={`Topic: ${topic.name}`} />
        ))}
      </FormSelect>
      <FormSelect
        aria-label="Type"
        className="rt-select"
        value={get('type')}
        onChange={(_, value) => set({ type: value }, { step: true })}
      >
        <FormSelectOption value="" label="Type: any" />
        {types.map((type) => (
          <FormSelectOption key={type} value={type} label={`Type: ${type}`} />
        ))}
      </FormSelect>
    </div>
  );
}

/** Types that can be chosen: those of the topics, those on the screen, and the chosen one. */
function typesOf(topics: readonly Topic[], shown: readonly Component[], chosen: string | null) {
  const types = new Set([
    ...topics.flatMap((topic) => topic.component_types),
    ...shown.map((component) => component.type),
    ...(chosen ? [chosen] : []),
  ]);
  return [...types].sort();
}

function componentColumns(components: readonly Component[], topics: readonly Topic[]): Column[] {
  const of = (name: string, value: (one: Component) => string | null): Column => ({
    name,
    values: components.map(value),
  });
  return [
    of('component', ({ display_name }) => display_name),
    of('type', ({ type }) => type),
    of('version', ({ version }) => version),
    of('topic', ({ topic_id }) => topics.find(({ id }) => id === topic_id)?.name ?? topic_id),
    of('tags', ({ tags }) => tags.join(' ')),
    of('released', ({ released_at }) => released_at),
    of('id', ({ id }) => id),
  ];
}

export function ComponentsPage() {
  const { params } = useAddress();
  const navigate = useNavigate();
  const topics = useQuery(topicsQuery).data ?? [];
  const query = useQuery(componentsQuery(toComponentParams(params)));
  const filtered = ['topic', 'type', 'name'].some((param) => params.has(param));
  return (
    <>
      <PageHead
        title="Components"
        lead={query.data ? plural(query.data.count, 'component') : undefined}
      />
      <Filters
        topics={topics}
        types={typesOf(topics, query.data?.items ?? [], params.get('type'))}
      />
      <QueryView query={query} loading={<Bars count={8} />}>
        {(page) =>
          page.items.length === 0 ? (
            <Teach
              title={filtered ? 'No component fits these filters' : 'No component yet'}
              icon={CubesIcon}
              commands={filtered ? [] : ['ringtest component create NAME --type TYPE --topic TOPIC --version VERSION']}
            >
              A component is one build of one part: a package, an image, a compose. Publishing one
              starts the jobs that test it.
            </Teach>
          ) : (
            <>
              <ComponentsTable
                components={page.items}
                topics={topics}
                busy={query.isPlaceholderData}
                onOpen={(id) => void navigate(`/components/${id}`)}
              />
              <TableFoot>
                <Exports
                  name="Components"
                  json={page.items}
                  columns={() => componentColumns(page.items, topics)}
                />
              </TableFoot>
              <Pager count={page.count} />
            </>
          )
        }
      </QueryView>
    </>
  );
}
