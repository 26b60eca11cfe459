"""Each stage of a spec as text."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import archdsl
from archdsl.diagnostics import ArchError
from archdsl.opening.library import files
from archdsl.opening.reading import text_source
from archdsl.stages.base import Way, stages

SPEC = """\
arch Small(width = 4, act = relu)
input 3x8x8
block unit(c, s = 1) = [residual<conv3-{c}/{s} bn | project> act]
stem: conv3-{width} act
body: [unit(width) x2 unit(8, s=2)]
a{i}: maxpool x2 as i
concat<@stem gap | identity gap>
aux side from @body [gap fc-2]
fc-5
expect output == 5
"""

PROGRAM = """\
arch Small
  1:12    parameter: width = 4
  1:23    parameter: act = relu
  2:1     input 3x8x8
  3:1     block unit: block unit(c, s = 1) = [residual<conv3-{c}/{s} bn | project> act]
  10:1    expect output == 5
body
    4:1     stem: conv3-{width}
    4:21    act
    5:1     body: [unit(width) x2 unit(8, s=2)]
    6:1     a{i}: maxpool x2 as i
    7:1     concat<@stem gap | identity gap>
    8:1     aux side from @body [gap fc-2]
    9:1     fc-5
"""

IR = """\
network Small: 3x8x8 → 5
  width = 4
  act = relu
  stem: layer conv3-4 #0  3x8x8 → 4x8x8  @stem
  relu: layer relu #1  4x8x8 → 4x8x8
  body: container #2  4x8x8 → 8x4x4  @body
    repeat 2 #3  4x8x8 → 4x8x8
      2 × as turn0
        {turn0}: call unit(4) #4  4x8x8 → 4x8x8
          0: merge residual shortcut=project agrees=True #5  4x8x8 → 4x8x8
            branch 0
              0: layer conv3-4 #6  4x8x8 → 4x8x8
              1: layer bn #7  4x8x8 → 4x8x8
          1: layer relu #8  4x8x8 → 4x8x8
    2: call unit(8, s=2) #9  4x8x8 → 8x4x4
      0: merge residual shortcut=project agrees=False #10  4x8x8 → 8x4x4
        branch 0
          0: layer conv3-8/2 #11  4x8x8 → 8x4x4
          1: layer bn #12  8x4x4 → 8x4x4
        branch 1
          0: layer conv1-8/2 #13  4x8x8 → 8x4x4
          1: layer bn #14  8x4x4 → 8x4x4
      1: layer relu #15  8x4x4 → 8x4x4
  repeat 2 as i #16  8x4x4 → 8x1x1
    1 × as turn0
      a0: layer maxpool #17  8x4x4 → 8x2x2  @a0
    1 × as turn0
      a1: layer maxpool #18  8x2x2 → 8x1x1  @a1
  concat: merge concat #19  8x1x1 → 12
    branch 0
      0: reference @stem #20  8x1x1 → 4x8x8
      1: layer gap #21  4x8x8 → 4
    branch 1
      0: layer identity #22  8x1x1 → 8x1x1
      1: layer gap #23  8x1x1 → 8
  side: aux from @body #24  12 → 12
    body: container #25  8x4x4 → 2
      0: layer gap #26  8x4x4 → 8
      1: layer fc-2 #27  8 → 2
  fc: layer fc-5 #28  12 → 5
"""

CLASSES = """\
Residual(in_channels, c, s)  The sum of a main path and a shortcut.
  2 × (in_channels=4, c=4, s=1)
  1 × (in_channels=4, c=8, s=2)
Unit(in_channels, c, s=1)  The block unit(c, s=1).
  2 × (in_channels=4, c=4, s=1)
  1 × (in_channels=4, c=8, s=2)
Branch()  A group of layers.
  1 × ()
Concat()  Branches, their channels one behind the other.
  1 × ()
Small(width=4)  The network Small.
"""


def shown(text: str, stage: str) -> str:
    return "".join(f"{line}\n" for line in stages()[stage].lines(Way(text_source(text, "net.arch"))))


def test_the_stages_come_in_order() -> None:
    assert list(stages()) == ["tokens", "tree", "program", "ir", "classes", "source"]
    for stage in stages().values():
        assert stage.__doc__


@pytest.mark.parametrize(("stage", "text"), [("program", PROGRAM), ("ir", IR), ("classes", CLASSES)])
def test_a_stage_is_stable(stage: str, text: str) -> None:
    assert shown(SPEC, stage) == text


def test_tokens() -> None:
    assert shown("arch net  # a comment\ninput 3x8x8\nconv3-4\n", "tokens").splitlines() == [
        "1:1     _ARCH           'arch'",
        "1:6     NAME            'net'",
        "2:1     _INPUT          'input'",
        "2:7     DIMS            '3x8x8'",
        "3:1     HEAD            'conv3'",
        "3:6     _DASH           '-'",
        "3:7     SIZE            '4'",
    ]


def test_the_tree() -> None:
    assert shown("arch net\ninput 3x8x8\na: conv3-{2 * 2} x2\n", "tree").splitlines() == [
        "Arch 1:1",
        "  name: Word text='net' 1:6",
        "Input 2:1",
        "  sizes: Sizes 2:7",
        "    dims: Literal value=3 2:7",
        "    dims: Literal value=8 2:9",
        "    dims: Literal value=8 2:11",
        "Statement 3:1",
        "  label: Template parts=('a',) 3:1",
        "  body: Head 3:4",
        "    name: Word text='conv3' 3:4",
        "    size: Binary 3:11",
        "      left: Literal value=2 3:11",
        "      op: Word text='*' 3:13",
        "      right: Literal value=2 3:15",
        "  repeat: Repeat 3:18",
        "    count: Literal value=2 3:19",
    ]


def test_the_source_is_that_of_compile() -> None:
    assert shown(SPEC, "source") == archdsl.loads(SPEC, name="net.arch").source()


def test_a_text_comes_as_far_as_it_is_right() -> None:
    text = "arch net\ninput 3x8x8\nconv3-4 add<conv3-4 | conv3-5>\n"
    for stage in ("tokens", "tree", "program"):
        assert shown(text, stage)
    for stage in ("ir", "classes", "source"):
        with pytest.raises(ArchError, match="different shapes"):
            shown(text, stage)


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_every_spec_is_shown_at_every_stage(path: Path) -> None:
    way = Way(text_source(path.read_text(encoding="utf-8"), path.name), path.parent)
    for stage in stages().values():
        lines = list(stage.lines(way))
        assert lines
        assert not any("<archdsl" in line or " object at " in line for line in lines)


def test_what_is_repeated_is_counted() -> None:
    way = Way(text_source((files()[0].parent / "resnet.arch").read_text(encoding="utf-8"), "resnet.arch"))
    lines = list(stages()["classes"].lines(Way(way.source, variant="resnet152")))
    counts = [int(line.split()[0]) for line in lines if line.startswith("  ")]
    assert sum(counts) == 3 + 8 + 36 + 3


MORE = """\
from archdsl.stages.base import Stage


class Weights(Stage):
    \"\"\"How many parameters there are.\"\"\"

    name = "weights"
    place = 9

    def lines(self, way):
        yield f"{way.network.shapes().params} parameters"
"""


def test_a_stage_is_one_file(tmp_path: Path) -> None:
    root = Path(archdsl.__file__).parents[1]
    for folder in ("archdsl", "specs", "grammars"):
        shutil.copytree(root / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "archdsl" / "stages" / "weights.py").write_text(MORE, encoding="utf-8")
    command = [sys.executable, "-m", "archdsl", "show", "lenet5", "--stage", "weights"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.stdout == "61706 parameters\n", done.stderr
