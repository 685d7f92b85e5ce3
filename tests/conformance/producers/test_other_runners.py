"""tmt, Node.js, Perl and Go: those of them that are there."""

import re
import shutil
from pathlib import Path

import pytest

from tests.conformance.producers.running import (
    BIN,
    ERRORED,
    FAILED,
    INFO,
    PASSED,
    SKIPPED,
    XFAILED,
    XPASSED,
    counts,
    number,
    read,
    read_file,
    run,
    summary,
    write,
)


def needs(program: str) -> pytest.MarkDecorator:
    """Skips a test where the program is missing, and says so."""
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"there is no {program} here")


TMT_TESTS = r"""
/passes:
  test: echo fine
/fails:
  test: echo oh; exit 1
/breaks:
  test: exit 5
/known:
  test: exit 1
  result: xfail
/many:
  test: |
    tmt-report-result /many/one PASS
    tmt-report-result /many/two FAIL
  result: respect
/custom:
  test: |
    for one in "/ warn" "/i info" "/s skip"; do
    echo "- {name: ${one% *}, result: ${one#* }}" >> $TMT_TEST_DATA/results.yaml; done
  result: custom
"""
TMT_PLAN = """
provision: {how: local}
discover: {how: fmf}
execute: {how: tmt}
report: {how: junit, file: JUNIT}
"""


@needs("rsync")
def test_tmt_counts_what_is_read_of_its_results(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / ".fmf").mkdir(parents=True)
    (tree / "tests").mkdir()
    (tree / ".fmf" / "version").write_text("1\n")
    write(tree, plan__fmf=TMT_PLAN.replace("JUNIT", str(tmp_path / "junit.xml")))
    write(tree / "tests", main__fmf=TMT_TESTS)
    printed = run(
        tree,
        *(BIN / "tmt", "--feeling-safe", "run", "--id", tmp_path / "run", "--all"),
        *("--skip", "prepare"),
        expect={1, 2},
    )
    said = summary("total: ", printed)
    file = tmp_path / "run" / "plan" / "execute" / "results.yaml"
    rows = read_file(file, "application/x-tmt+yaml")
    seen = counts(rows)
    assert seen[PASSED] + seen[XFAILED] == number(r"(\d+) tests? passed", said) == 2
    failed = number(r"(\d+) tests? failed", said) + number(r"(\d+) warn", said)
    assert seen[FAILED] == failed == 3
    assert seen[ERRORED] == number(r"(\d+) error", said) == 1
    assert seen[SKIPPED] == number(r"(\d+) tests? skipped", said) == 1
    assert seen[INFO] == number(r"(\d+) info", said) == 1
    evidence = {row.name: row.evidence for row in rows}
    assert (many := evidence["/tests/many"]) is not None
    assert [(step.name, step.outcome) for step in many.steps] == [
        ("/many/one", PASSED),
        ("/many/two", FAILED),
    ]
    assert (known := evidence["/tests/known"]) and known.raw_outcome == "pass (was fail)"
    assert (fails := evidence["/tests/fails"]) is not None
    assert "output.txt" in {one.name for one in fails.attachments}
    junit = read_file(tmp_path / "junit.xml", "application/junit")
    assert {row.name for row in junit} == {row.name for row in rows}


NODE = """
import test, {describe, it} from 'node:test';
import assert from 'node:assert';
test('adds', () => { console.log('hello\\nok 7 - no point'); });
test('breaks', () => { assert.equal(1 + 1, 3); });
test('later', {todo: 'not written'}, () => { assert.equal(1, 2); });
test('not here', {skip: 'no disk'}, () => {});
test('parent', async (t) => {
  await t.test('child # 1', () => {});
  await t.test('bad child', () => { throw new TypeError('boom\\n"x"'); });
});
describe('group', () => {
  it('inside', () => {});
  describe('deeper', () => { it('deepest', () => {}); });
});
test('hooks', async (t) => {
  t.after(() => { throw new Error('teardown broke') });
  await t.test('fine', () => {});
});
"""


@needs("node")
def test_node_counts_what_is_read_of_its_tap(tmp_path: Path) -> None:
    write(tmp_path, sum__test__mjs=NODE)
    file = tmp_path / "out.tap"
    reporter = ("--test-reporter=tap", f"--test-reporter-destination={file}")
    run(tmp_path, "node", "--test", *reporter, "sum.test.mjs")
    text = file.read_text()
    rows = read_file(file, "application/tap")
    seen = counts(rows)
    assert len(rows) == number(r"# tests (\d+)", text) > 10
    assert seen[PASSED] == number(r"# pass (\d+)", text)
    assert seen[FAILED] == number(r"# fail (\d+)", text)
    assert seen[SKIPPED] == number(r"# skipped (\d+)", text)
    assert seen[XFAILED] + seen[XPASSED] == number(r"# todo (\d+)", text)
    told = {(row.suite, row.name): row.evidence for row in rows}
    bad = told["parent", "bad child"]
    assert bad and (bad.exception_type, bad.message) == ("TypeError", 'boom\n"x"')
    assert ("group/deeper", "deepest") in told and ("parent", "child # 1") in told
    assert (hooks := told["", "hooks"]) and hooks.message == "teardown broke"


@needs("node")
def test_node_counts_what_is_read_of_its_junit(tmp_path: Path) -> None:
    write(tmp_path, sum__test__mjs=NODE)
    file = tmp_path / "junit.xml"
    reporter = ("--test-reporter=junit", f"--test-reporter-destination={file}")
    run(tmp_path, "node", "--test", *reporter, "sum.test.mjs")
    rows = read_file(file, "application/junit")
    # a test with subtests is a suite there
    parents = 2
    assert len(rows) == number(r"<!-- tests (\d+)", file.read_text()) - parents
    assert {"child # 1", "bad child", "deepest"} <= {row.name for row in rows}


PERL = """
use Test::More;
plan tests => 5;
ok(1, 'adds # 1');
is(1, 2, 'breaks');
subtest 'inner' => sub { ok(1, 'one'); is(1, 2, 'two'); done_testing(); };
TODO: { local $TODO = 'later'; ok(0, 'known'); }
SKIP: { skip 'no disk', 1; }
"""


@pytest.mark.skipif(
    not any(Path(p, "Test", "More.pm").exists() for p in Path("/usr/share/perl").glob("*")),
    reason="there is no Test::More here",
)
def test_perl_counts_what_is_read_of_its_tap(tmp_path: Path) -> None:
    write(tmp_path, kinds__t=PERL)
    printed = run(tmp_path, "perl", "kinds.t", expect={2})
    rows = read(printed.raw, "kinds.tap", "application/tap")
    told = {(row.suite, row.name): row.outcome for row in rows}
    assert told == {
        ("", "adds # 1"): PASSED,
        ("", "breaks"): FAILED,
        ("inner", "one"): PASSED,
        ("inner", "two"): FAILED,
        ("", "known"): XFAILED,
        ("", "5"): SKIPPED,
    }
    # for Perl the subtests are one test
    top = [row for row in rows if not row.suite and row.outcome is FAILED]
    assert len(top) + 1 == number(r"failed (\d+) tests of 5", printed.err)


GO_MOD = "module ring.example/sum\n\ngo 1.18\n"
GO = """
package sum
import ("os"; "testing")
func TestAdd(t *testing.T) {
	t.Run("one", func(t *testing.T) {})
	t.Run("two", func(t *testing.T) { t.Errorf("got %d", 4) })
}
func TestNo(t *testing.T) { t.Skip("no disk") }
func TestFine(t *testing.T) { os.Stdout.WriteString("hello\\n") }
"""


@needs("go")
def test_go_says_what_is_read_of_its_json(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    write(tmp_path, go__mod=GO_MOD, sum_test__go=GO)
    write(broken, broken_test__go="package broken\nfunc nonsense {\n")
    environment = {"GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOCACHE": str(tmp_path / "cache")}
    plain = run(tmp_path, "go", "test", "-v", "./...", extra=environment)
    printed = run(tmp_path, "go", "test", "-json", "./...", extra=environment)
    rows = read(printed.raw, "go-test.json", "application/x-go-test+json")
    told = {row.name: row.outcome for row in rows}
    assert counts(rows)[ERRORED] == 1
    words = {"PASS": PASSED, "FAIL": FAILED, "SKIP": SKIPPED}
    expected = {n: words[w] for w, n in re.findall(r"--- (\w+): (\S+) ", plain.out)}
    assert expected and told == expected | {"(package)": ERRORED}
