/** Logs as pytest and a shell write them, colours and all. */
import type { LogMark, LogMarks, Stage } from '@/api/types';

const ESC = '\u001b[';
const green = (text: string) => `${ESC}32m${text}${ESC}0m`;
const red = (text: string) => `${ESC}31m${text}${ESC}0m`;
const bold = (text: string) => `${ESC}1m${text}${ESC}0m`;

export interface FakeLog {
  lines: string[];
  prepare: number;
  test: number;
  collect: number | null;
}

const FILES = ['test_api', 'test_bytecode_cache', 'test_core_tags', 'test_debug', 'test_ext', 'test_filters', 'test_imports', 'test_inheritance', 'test_lexnparse', 'test_loader', 'test_nativetypes', 'test_regression', 'test_security', 'test_tests', 'test_utils'];

function prepare(markupsafe: string): string[] {
  return [
    '+ python3 -m venv venv',
    '+ pip install --no-index --find-links "$RINGTEST_COMPONENTS" jinja2 markupsafe pytest',
    'Looking in links: ./components',
    `Processing ./components/MarkupSafe-${markupsafe}-cp311-cp311-linux_x86_64.whl`,
    'Processing ./components/Jinja2-2.11.3-py2.py3-none-any.whl',
    'Installing collected packages: markupsafe, jinja2',
    `${green(`Successfully installed jinja2-2.11.3 markupsafe-${markupsafe}`)}`,
  ];
}

const COLLECT = ['+ cp junit.xml "$RINGTEST_WORK/"', 'kept junit.xml (142 KiB, application/junit)', 'kept pytest.log (38 KiB, text/plain)'];

export function passingLog(markupsafe: string, repeat = 1): FakeLog {
  const head = prepare(markupsafe);
  const tests = ['+ python -m pytest -v --color=yes --junitxml=junit.xml', bold('============================= test session starts =============================='), 'platform linux -- Python 3.11.2, pytest-7.4.4', 'collected 740 items', ''];
  const round = FILES.flatMap((file) =>
    Array.from({ length: 48 }, (_, at) => `tests/${file}.py::Test${at % 7}::test_case_${at} ${green('PASSED')}`),
  );
  for (let number = 0; number < repeat; number += 1) tests.push(...round);
  tests.push('', green('====================== 740 passed, 12 skipped in 9.31s ======================='));
  const lines = [...head, ...tests, ...COLLECT];
  return { lines, prepare: 0, test: head.length, collect: head.length + tests.length };
}

export const IMPORT_ERROR = `ImportError while loading conftest 'source/tests/conftest.py'.
tests/conftest.py:5: in <module>
    from jinja2 import loaders
src/jinja2/__init__.py:8: in <module>
    from .environment import Environment
src/jinja2/filters.py:13: in <module>
    from markupsafe import soft_unicode
${red("E   ImportError: cannot import name 'soft_unicode' from 'markupsafe' (venv/lib/python3.11/site-packages/markupsafe/__init__.py)")}`;

export function failingLog(markupsafe: string): FakeLog {
  const head = prepare(markupsafe);
  const tests = ['+ python -m pytest -v --color=yes --junitxml=junit.xml', ...IMPORT_ERROR.split('\n'), red('exit status 4')];
  const lines = [...head, ...tests, ...COLLECT];
  return { lines, prepare: 0, test: head.length, collect: head.length + tests.length };
}

/** Lines that are worth a jump: commands of a stage, and its first error. */
export function marksOf(log: FakeLog, stages: readonly Stage[], attempt: number): LogMarks {
  const stageOf = (line: number) =>
    line >= (log.collect ?? Infinity) ? 'collect' : line >= log.test ? 'test' : 'prepare';
  const errors = new Map<string, LogMark>();
  const steps: LogMark[] = [];
  log.lines.forEach((text, line) => {
    const mark = { line, stage: stageOf(line), text };
    if (text.startsWith('+ ')) steps.push({ ...mark, text: text.slice(2) });
    else if (text.includes('Error') && !errors.has(mark.stage)) errors.set(mark.stage, mark);
  });
  return {
    attempt,
    stages: stages.map(({ name, status, first_line }) => ({ name, status, line: first_line })),
    steps,
    errors: [...errors.values()],
  };
}
