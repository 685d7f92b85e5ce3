"""How well lines are grouped is measured as log parsers are compared, on samples of their shape."""

from pathlib import Path

import pytest

from benchmarks.bench_grouping import accuracy, loghub

HEAD = "LineId,Date,Content,EventId,EventTemplate\n"
SAMPLE = """\
1,0601,Failed password for 10.0.0.7 port 4711,E1,Failed password for <*> port <*>
2,0601,Failed password for 10.0.0.9 port 22,E1,Failed password for <*> port <*>
3,0602,"ring ""west"" is open, again",E2,"ring <*> is open, again"
4,0602,"ring ""east"" is open, again",E2,"ring <*> is open, again"
"""


@pytest.mark.parametrize(
    ("found", "share"),
    [
        ("aabbc", 1.0),
        ("xxyyz", 1.0),  # what groups are called does not matter
        ("aabcd", 3 / 5),  # two lines of b are apart: neither is right
        ("aaaac", 1 / 5),  # a and b are one: no line of either is right
        ("aaabc", 1 / 5),
        ("aaaaa", 0.0),
    ],
)
def test_a_line_is_right_when_its_group_is_exactly_the_true_one(found: str, share: float) -> None:
    assert accuracy(list(found), list("aabbc")) == pytest.approx(share)


def test_samples_are_read_below_a_folder_and_their_mean_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for system, rows in (("Ring", SAMPLE), ("SSH", SAMPLE.split("3,")[0])):
        (tmp_path / system).mkdir()
        sample = tmp_path / system / f"{system}_2k.log_structured.csv"
        sample.write_text(HEAD + rows, encoding="utf-8")
    (tmp_path / "SSH" / "SSH_2k.log").write_text("raw")
    loghub(tmp_path)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    # west and east are words: nothing says that they differ from run to run
    assert lines == [["Ring", "50.0%"], ["SSH", "100.0%"], ["mean", "75.0%", "of", "2", "samples"]]


def test_a_folder_without_samples_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loghub(tmp_path)
    assert "no *_2k.log_structured.csv" in capsys.readouterr().out
