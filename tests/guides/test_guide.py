"""The machinery that runs guides."""

from pathlib import Path

import pytest
from guide import Commands, read_commands, run_guide

PAGE = """
# Title

```bash
here=$PWD
echo first; echo second
```

```text
first
...
```

```yaml
not: run
```

```bash needs a cluster
exit 3
```
Some words.

```bash
echo port 8501 > "$here/written"; cat written
```

```python
print(open("written").read(), end="")
```

```text
port 8501
```
Words between: not the output of the block above.

```text
nothing of it
```
"""


@pytest.fixture
def guide(tmp_path: Path) -> Path:
    path = tmp_path / "guide.md"
    path.write_text(PAGE)
    return path


def test_blocks_are_read_with_their_lines_reasons_and_outputs() -> None:
    assert read_commands(PAGE) == [
        Commands(5, "here=$PWD\necho first; echo second\n", "", "first\n...\n"),
        Commands(19, "exit 3\n", "needs a cluster", None),
        Commands(24, 'echo port 8501 > "$here/written"; cat written\n', "", None),
        Commands(
            28,
            'python - <<\'END OF PYTHON\'\nprint(open("written").read(), end="")\nEND OF PYTHON\n',
            "",
            "port 8501\n",
        ),
    ]


def test_blocks_run_in_one_shell_in_the_workspace(guide: Path, tmp_path: Path) -> None:
    run_guide(guide, tmp_path, {"8501": "9"})
    assert (tmp_path / "written").read_text() == "port 9\n"


def test_what_took_a_place_is_not_replaced_again(tmp_path: Path) -> None:
    guide = tmp_path / "guide.md"
    guide.write_text("```bash\necho 8500 8501 > written\n```\n")
    run_guide(guide, tmp_path, {"8500": "48501", "8501": "9"})
    assert (tmp_path / "written").read_text() == "48501 9\n"


def test_another_output_is_told_with_its_line(guide: Path, tmp_path: Path) -> None:
    guide.write_text(PAGE.replace("first\n...", "third"))
    with pytest.raises(AssertionError, match=r"guide\.md, line 5 printed\nfirst\nsecond"):
        run_guide(guide, tmp_path, {})


def test_a_command_that_fails_is_told_with_its_line_and_its_words(
    guide: Path, tmp_path: Path
) -> None:
    guide.write_text(PAGE.replace("cat written", "cat missing"))
    with pytest.raises(AssertionError, match=r"guide\.md, line 24: ended with 1[\s\S]*missing"):
        run_guide(guide, tmp_path, {})


def test_what_runs_in_the_background_ends_with_the_guide(tmp_path: Path) -> None:
    guide = tmp_path / "guide.md"
    guide.write_text("```bash\n(trap 'echo > ended' TERM; sleep 60 & wait) &\nsleep 0.5\n```\n")
    run_guide(guide, tmp_path, {})
    assert (tmp_path / "ended").exists()
