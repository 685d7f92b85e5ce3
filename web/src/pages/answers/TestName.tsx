import { Link } from 'react-router';
import type { Id, TestRef } from '@/api/types';
import { place } from './format';

/** A test's name, which leads to its history; below it where it stands. */
export function TestName({ test, topic }: { test: TestRef; topic: Id }) {
  return (
    <span className="rt-test-name">
      <Link to={`/answers/${topic}/tests/${test.id}`}>{test.name || '(no name)'}</Link>
      <span className="rt-muted rt-test-place">{place(test)}</span>
    </span>
  );
}
