import { queryOptions } from '@tanstack/react-query';
import { request } from '../http';
import { keys } from '../keys';
import { fetchPage } from '../lists';
import type { Component, ComponentFile, Id, ListParams, Named, Product, Topic } from '../types';

const ALL = { limit: 200, offset: 0 };

export const productsQuery = queryOptions({
  queryKey: keys.products,
  queryFn: async ({ signal }) =>
    (await fetchPage<Product>('/products', 'products', { ...ALL, sort: 'name' }, signal)).items,
});

export const topicsQuery = queryOptions({
  queryKey: keys.topics,
  queryFn: async ({ signal }) =>
    (await fetchPage<Topic>('/topics', 'topics', { ...ALL, sort: 'name' }, signal)).items,
  staleTime: 60_000,
});

export const teamsQuery = queryOptions({
  queryKey: keys.teams,
  queryFn: async ({ signal }) =>
    (await fetchPage<Named>('/teams', 'teams', { ...ALL, sort: 'name' }, signal)).items,
  staleTime: 60_000,
});

export const componentsQuery = (params: ListParams) =>
  queryOptions({
    queryKey: [...keys.components, params],
    queryFn: ({ signal }) => fetchPage<Component>('/components', 'components', params, signal),
    placeholderData: (before) => before,
  });

export const componentQuery = (id: Id) =>
  queryOptions({
    queryKey: keys.component(id),
    queryFn: async ({ signal }) =>
      (await request<{ component: Component }>(`/components/${id}`, { signal })).component,
  });

export const componentFilesQuery = (id: Id) =>
  queryOptions({
    queryKey: [...keys.component(id), 'files'],
    queryFn: async ({ signal }) =>
      (await fetchPage<ComponentFile>(`/components/${id}/files`, 'component_files', ALL, signal))
        .items,
  });
