import { expect, test } from 'vitest';
import { ApiError } from '@/api/http';
import { words } from './ErrorBox';

test('an error says what to do', () => {
  const said = (status: number, message = 'q: what?', payload = {}) => words(new ApiError(status, message, payload));
  expect(said(400)).toEqual({ title: 'q: what?', body: 'Change what was asked, and try again.' });
  expect(said(409, 'already exists', { constraint: 'teams_name_key' }).title).toBe('There is one already');
  expect(said(503).body).toContain('administrators');
  expect(said(404).body).toContain('a team you are not in');
  expect(said(0).body).toContain('network');
});
