/** Every address of the UI; each page is its own chunk. */
import { createBrowserRouter, Navigate, type RouteObject } from 'react-router';
import { NotFoundPage } from './NotFoundPage';
import { RouteError } from './RouteError';
import { Shell } from './Shell';

export const routes: RouteObject[] = [
  {
    path: '/login',
    errorElement: <RouteError />,
    lazy: async () => ({ Component: (await import('@/pages/login/LoginPage')).LoginPage }),
  },
  {
    element: <Shell />,
    errorElement: <RouteError />,
    HydrateFallback: () => null,
    children: [
      { index: true, element: <Navigate to="/products" replace /> },
      {
        path: 'products',
        lazy: async () => ({
          Component: (await import('@/pages/products/ProductsPage')).ProductsPage,
        }),
      },
      {
        path: 'products/:id',
        lazy: async () => ({ Component: (await import('@/pages/health/HealthPage')).HealthPage }),
      },
      {
        path: 'jobs',
        lazy: async () => ({ Component: (await import('@/pages/jobs/JobsPage')).JobsPage }),
      },
      {
        path: 'jobs/:id',
        lazy: async () => ({ Component: (await import('@/pages/job/JobPage')).JobPage }),
        children: [
          {
            index: true,
            lazy: async () => ({ Component: (await import('@/pages/job/FirstTab')).FirstTab }),
          },
          {
            path: 'log',
            lazy: async () => ({ Component: (await import('@/pages/job/LogTab')).LogTab }),
          },
          {
            path: 'tasks',
            lazy: async () => ({ Component: (await import('@/pages/job/tasks/TasksTab')).TasksTab }),
          },
          {
            path: 'tests',
            lazy: async () => ({ Component: (await import('@/pages/job/TestsTab')).TestsTab }),
          },
          {
            path: 'files',
            lazy: async () => ({ Component: (await import('@/pages/job/FilesTab')).FilesTab }),
          },
          {
            path: 'details',
            lazy: async () => ({ Component: (await import('@/pages/job/DetailsTab')).DetailsTab }),
          },
        ],
      },
      {
        path: 'answers',
        lazy: async () => ({
          Component: (await import('@/pages/answers/AnswersPage')).AnswersStart,
        }),
      },
      {
        path: 'answers/:topic',
        lazy: async () => ({
          Component: (await import('@/pages/answers/AnswersPage')).AnswersPage,
        }),
        children: [
          { index: true, element: <Navigate to="trend" replace /> },
          {
            path: 'trend',
            lazy: async () => ({
              Component: (await import('@/pages/answers/TrendPage')).TrendPage,
            }),
          },
          {
            path: 'flaky',
            lazy: async () => ({
              Component: (await import('@/pages/answers/FlakyPage')).FlakyPage,
            }),
          },
          {
            path: 'tests',
            lazy: async () => ({
              Component: (await import('@/pages/answers/TestsPage')).TestsPage,
            }),
          },
          {
            path: 'tests/:test',
            lazy: async () => ({
              Component: (await import('@/pages/answers/HistoryPage')).HistoryPage,
            }),
          },
          {
            path: 'durations',
            lazy: async () => ({
              Component: (await import('@/pages/answers/DurationsPage')).DurationsPage,
            }),
          },
          {
            path: 'coverage',
            lazy: async () => ({
              Component: (await import('@/pages/answers/CoveragePage')).CoveragePage,
            }),
          },
          {
            path: 'compare',
            lazy: async () => ({
              Component: (await import('@/pages/answers/ComparePage')).ComparePage,
            }),
          },
          {
            path: 'statistics',
            lazy: async () => ({
              Component: (await import('@/pages/answers/StatisticsPage')).StatisticsPage,
            }),
          },
          {
            path: 'logs',
            lazy: async () => ({
              Component: (await import('@/pages/answers/LogsPage')).LogsPage,
            }),
          },
        ],
      },
      {
        path: 'components',
        lazy: async () => ({
          Component: (await import('@/pages/components/ComponentsPage')).ComponentsPage,
        }),
      },
      {
        path: 'components/:id',
        lazy: async () => ({
          Component: (await import('@/pages/components/ComponentPage')).ComponentPage,
        }),
      },
      {
        path: 'files/:id',
        lazy: async () => ({ Component: (await import('@/pages/file/FilePage')).FilePage }),
      },
      {
        path: 'issues',
        lazy: async () => ({ Component: (await import('@/pages/issues/IssuesPage')).IssuesPage }),
      },
      {
        path: 'issues/new',
        lazy: async () => ({ Component: (await import('@/pages/issues/EditPages')).NewIssuePage }),
      },
      {
        path: 'issues/:id',
        lazy: async () => ({ Component: (await import('@/pages/issues/IssuePage')).IssuePage }),
      },
      {
        path: 'issues/:id/edit',
        lazy: async () => ({ Component: (await import('@/pages/issues/EditPages')).EditIssuePage }),
      },
      {
        path: 'labs',
        lazy: async () => ({ Component: (await import('@/pages/labs/LabsPage')).LabsPage }),
      },
      {
        path: 'reports',
        lazy: async () => ({ Component: (await import('@/pages/reports/ReportsPage')).ReportsPage }),
      },
      {
        path: 'account',
        lazy: async () => ({ Component: (await import('@/pages/account/AccountPage')).AccountPage }),
      },
      {
        path: 'admin',
        lazy: async () => ({ Component: (await import('@/pages/admin/AdminPage')).AdminStart }),
      },
      {
        path: 'admin/:noun',
        lazy: async () => ({ Component: (await import('@/pages/admin/AdminPage')).AdminPage }),
        children: [
          {
            index: true,
            lazy: async () => ({ Component: (await import('@/pages/admin/ListPage')).ListPage }),
          },
          {
            path: 'new',
            lazy: async () => ({ Component: (await import('@/pages/admin/CreatePage')).CreatePage }),
          },
          {
            path: ':id',
            lazy: async () => ({ Component: (await import('@/pages/admin/ItemPage')).ItemPage }),
          },
        ],
      },
      { path: '*', element: <NotFoundPage /> },
    ],
  },
];

export const createRouter = () => createBrowserRouter(routes);
