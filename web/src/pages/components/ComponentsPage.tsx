import { useQuery } from '@tanstack/react-query';
import CubesIcon from 'icons/cubes-icon';
import { FormSelect, FormSelectOption } from 'pf/FormSelect';
import { TextInput } from 'pf/TextInput';
import { useEffect, useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { componentsQuery, topicsQuery } from '@/api/queries/catalog';
import type { Component, Topic } from '@/api/types';
import { PageHead } from '@/components/PageHead';
import { Pager } from '@/components/Pager';
import { Bars, QueryView } from '@/components/QueryView';
import { Teach } from '@/components/Teach';
import { plural } from '@/format/size';
import { ComponentsTable } from './ComponentsTable';
import { toComponentParams, withParam } from './filters';

const TYPING_MS = 300;

function Filters({ topics, types }: { topics: readonly Topic[]; types: readonly string[] }) {
  const [params, setParams] = useSearchParams();
  const inAddress = params.get('name') ?? '';
  const [name, setName] = useState(inAddress);
  useEffect(() => setName(inAddress), [inAddress]);
  useEffect(() => {
    if (name.trim() === inAddress) return undefined;
    const write = () => setParams((now) => withParam(now, 'name', name), { replace: true });
    const timer = setTimeout(write, TYPING_MS);
    return () => clearTimeout(timer);
  }, [name, inAddress, setParams]);
  const pick = (param: 'topic' | 'type', value: string) =>
    setParams((now) => withParam(now, param, value));
  return (
    <div className="rt-filters" role="search" aria-label="Filter components">
      <TextInput
        type="search"
        data-search
        aria-label="Name contains"
        placeholder="Name contains…  ( / )"
        value={name}
        onChange={(_, value) => setName(value)}
        className="rt-field"
      />
      <FormSelect
        aria-label="Topic"
        className="rt-select"
        value={params.get('topic') ?? ''}
        onChange={(_, value) => pick('topic', value)}
      >
        <FormSelectOption value="" label="Topic: any" />
        {topics.map((topic) => (
          <FormSelectOption key={topic.id} value={topic.id} label={`Topic: ${topic.name}`} />
        ))}
      </FormSelect>
      <FormSelect
        aria-label="Type"
        className="rt-select"
        value={params.get('type') ?? ''}
        onChange={(_, value) => pick('type', value)}
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

export function ComponentsPage() {
  const [params] = useSearchParams();
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
              <Pager count={page.count} />
            </>
          )
        }
      </QueryView>
    </>
  );
}
