/** Providers around the router. */
import { QueryClientProvider } from '@tanstack/react-query';
import { useState } from 'react';
import { RouterProvider } from 'react-router/dom';
import { loginAddress } from './loginAddress';
import { createQueryClient } from './queryClient';
import { createRouter } from './routes';

export function App() {
  const [{ client, router }] = useState(() => {
    const router = createRouter();
    const client = createQueryClient(() => {
      const { pathname, search, hash } = router.state.location;
      if (pathname !== '/login') void router.navigate(loginAddress(pathname + search + hash));
    });
    return { client, router };
  });
  return (
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  );
}
