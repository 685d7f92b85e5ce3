import { useQuery } from '@tanstack/react-query';
import { Label } from 'pf/Label';
import type { ReactNode } from 'react';
import { useParams } from 'react-router';
import { componentQuery, topicsQuery } from '@/api/queries/catalog';
import type { Component } from '@/api/types';
import { CopyButton } from '@/components/CopyButton';
import { OutsideLink, webAddress } from '@/components/OutsideLink';
import { PageHead } from '@/components/PageHead';
import { QueryView } from '@/components/QueryView';
import { Time } from '@/components/Time';
import { Link } from 'react-router';
import { ComponentFiles } from './ComponentFiles';
import { ComponentJobs } from './ComponentJobs';

function Fact({ name, children }: { name: string; children: ReactNode }) {
  if (children === null || children === undefined || children === '') return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Facts({ component }: { component: Component }) {
  const topics = useQuery(topicsQuery).data ?? [];
  const topic = topics.find((one) => one.id === component.topic_id);
  const where = topic
    ? `/products/${topic.product_id}?topic=${topic.id}`
    : `/components?topic=${component.topic_id}`;
  return (
    <dl className="rt-facts rt-card">
      <Fact name="Type">
        <Link to={`/components?type=${encodeURIComponent(component.type)}`}>{component.type}</Link>
      </Fact>
      <Fact name="Version">{component.version}</Fact>
      <Fact name="Topic">
        <Link to={where}>{topic?.name ?? component.topic_id}</Link>
      </Fact>
      <Fact name="Released">
        <Time at={component.released_at} full />
      </Fact>
      <Fact name="Project">{component.canonical_project_name}</Fact>
      <Fact name="Unique id">{component.uid && <code>{component.uid}</code>}</Fact>
      <Fact name="Address">{webAddress(component.url) ? (
          <OutsideLink to={component.url}>{component.url}</OutsideLink>
        ) : (
          component.url && <code>{component.url}</code>
        )}</Fact>
      <Fact name="Title">{component.title}</Fact>
      <Fact name="Message">{component.message}</Fact>
      <Fact name="Tags">
        {component.tags.map((tag) => (
          <span key={tag} className="rt-pill">
            {tag}
          </span>
        ))}
      </Fact>
      <Fact name="Id">
        <code>{component.id}</code> <CopyButton text={component.id} label="Copy the id" />
      </Fact>
    </dl>
  );
}

export function ComponentPage() {
  const { id = '' } = useParams();
  const query = useQuery(componentQuery(id));
  return (
    <QueryView
      query={query}
      head={<PageHead title="No such component" crumbs={[['/components', 'Components']]} />}
    >
      {(component) => (
        <>
          <PageHead
            title={component.display_name}
            crumbs={[['/components', 'Components']]}
            badge={component.state === 'active' ? null : <Label>{component.state}</Label>}
          />
          <Facts component={component} />
          <h2>Jobs that used it</h2>
          <ComponentJobs component={component} />
          <h2>Files</h2>
          <ComponentFiles component={component} />
          {component.data && Object.keys(component.data).length > 0 && (
            <>
              <h2>Data</h2>
              <pre className="rt-sample">{JSON.stringify(component.data, null, 2)}</pre>
            </>
          )}
        </>
      )}
    </QueryView>
  );
}
