/** Shows the whole application at an address, as a person would open it. */
import { render, type RenderResult } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { QueryClientProvider } from '@tanstack/react-query';
import { createMemoryRouter, RouterProvider } from 'react-router';
import { loginAddress } from '@/app/loginAddress';
import { createQueryClient } from '@/app/queryClient';
import { routes } from '@/app/routes';

export interface Opened extends RenderResult {
  user: ReturnType<typeof userEvent.setup>;
  where: () => string;
}

export function open(address: string): Opened {
  const router = createMemoryRouter(routes, { initialEntries: [address] });
  const where = () => {
    const { pathname, search, hash } = router.state.location;
    return pathname + search + hash;
  };
  const client = createQueryClient(() => {
    if (!where().startsWith('/login')) void router.navigate(loginAddress(where()));
  });
  client.setDefaultOptions({ queries: { ...client.getDefaultOptions().queries, retry: false } });
  const result = render(
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>,
  );
  return { ...result, user: userEvent.setup(), where };
}
