"""`archdsl check`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archdsl.opening import reading
from archdsl.opening.library import contents

from .conftest import Run

GOOD = "arch net\ninput 3x8x8\nconv3-8\nexpect params == 224\n"
WRONG = "arch net\ninput 3x8x8\nconv3-8\nexpect params == 225\n"


@pytest.fixture(autouse=True)
def specs(tmp_path: Path) -> None:
    files = {"good.arch": GOOD, "wrong.arch": WRONG, "blocks.arch": "block a = [relu]\nblock b = [a a]\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")


def test_what_is_right(run: Run) -> None:
    ran = run("check", "good.arch", "blocks.arch", "resnet50", "resnet.arch")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "good.arch: ok (1 expectation held)",
        "blocks.arch: ok (a library of 2 blocks)",
        "resnet50: ok (1 variant, 2 expectations held)",
        "resnet.arch: ok (10 variants, 20 expectations held)",
        "4 specs ok (11 variants, 23 expectations held)",
    ]


def test_what_is_wrong(run: Run) -> None:
    ran = run("check", "good.arch", "wrong.arch", "missing.arch")
    assert ran.status == 1
    assert ran.out == "good.arch: ok (1 expectation held)\n1 spec ok (1 expectation held), 2 with mistakes\n"
    assert "error[expectation-failed]: `params` of `net` is 224, expected 225\n  --> wrong.arch:4:18\n" in ran.err
    assert "error[unknown-spec]: there is no spec `missing.arch`" in ran.err


def test_json(run: Run) -> None:
    ran = run("check", "wrong.arch", "good.arch", "--output-format", "json")
    assert (ran.status, ran.err) == (1, "")
    (line,) = ran.out.splitlines()
    assert json.loads(line)["code"] == "expectation-failed"
    ran = run("check", "good.arch", "--output-format", "json")
    assert (ran.status, ran.out) == (0, "")


def test_every_variant_is_checked_and_a_shared_mistake_said_once(run: Run, tmp_path: Path) -> None:
    table = "variants\n| name | width | expect params |\n| a | 8 | 224 |\n| b | 9 | 1 |\n| c | 0 | - |\n| d | 0 | - |\n"
    (tmp_path / "net.arch").write_text(f"arch net(width)\ninput 3x8x8\nconv3-{{width}}\n{table}", encoding="utf-8")
    ran = run("check", "net.arch", "--output-format", "json")
    assert [json.loads(line)["code"] for line in ran.out.splitlines()] == ["bad-argument", "expectation-failed"]


def test_a_variant_that_is_named_is_checked_alone(run: Run) -> None:
    assert run("check", "vgg16_bn").out.startswith("vgg16_bn: ok (1 variant, ")


@pytest.mark.parametrize("name", [listed.path.name for listed in contents()])
def test_every_spec_that_comes_along_is_right(run: Run, name: str) -> None:
    ran = run("check", name)
    assert (ran.status, ran.err) == (0, "")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "incomplete-spec"),
        ("input 3x8x8\nrelu\n", "incomplete-spec"),
        ("arch net\nrelu\n", "incomplete-spec"),
        ("arch net\ninput 3x8x8\n", "incomplete-spec"),
        ("arch net\ninput 3x8x8\nmaxpol\n", "unknown-layer"),
        ("arch net\ninput 3x8x8\n[relu\n", "unclosed"),
        ("arch net\ninput 3x8x8\n" + "[" * 5000, "nested-too-deep"),
    ],
)
def test_mistakes_have_a_code(run: Run, tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "net.arch").write_text(text, encoding="utf-8")
    ran = run("check", "net.arch")
    assert ran.status == 1
    assert f"error[{code}]" in ran.err


def test_a_folder_is_every_spec_below_it(run: Run, tmp_path: Path) -> None:
    inner = tmp_path / "nets.arch" / "deep"
    inner.mkdir(parents=True)
    for name in ("b.arch", "a.arch", "notes.txt"):
        (inner / name).write_text(GOOD, encoding="utf-8")
    ran = run("check", "nets.arch")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "nets.arch/deep/a.arch: ok (1 expectation held)",
        "nets.arch/deep/b.arch: ok (1 expectation held)",
        "2 specs ok (2 expectations held)",
    ]
    ran = run("check", ".")
    assert ran.status == 1
    assert ran.out.splitlines()[-1] == "4 specs ok (3 expectations held), 1 with mistakes"
    assert "  --> wrong.arch:4:18\n" in ran.err


def test_a_folder_without_a_spec(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ran = run("check", "empty")
    assert (ran.status, ran.out) == (1, "")
    assert "error[unknown-spec]: there is no spec below `empty`" in ran.err


def test_a_folder_called_like_a_spec_is_meant_with_a_slash(run: Run, tmp_path: Path) -> None:
    (tmp_path / "resnet50").mkdir()
    (tmp_path / "resnet50" / "mine.arch").write_text(GOOD, encoding="utf-8")
    assert run("check", "resnet50").out == "resnet50: ok (1 variant, 2 expectations held)\n"
    assert run("check", "resnet50/").out == "resnet50/mine.arch: ok (1 expectation held)\n"


def test_what_was_found_before_a_file_that_cannot_be_read(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    read = reading.read_file

    def refuse(path: Path, most: int) -> bytes:
        if path.name == "good.arch":
            raise PermissionError(13, "Permission denied", str(path))
        return read(path, most)

    monkeypatch.setattr(reading, "read_file", refuse)
    ran = run("check", "wrong.arch", "good.arch")
    assert ran.status == 2
    assert "error[expectation-failed]" in ran.err
    assert ran.err.endswith("error: good.arch: permission denied\n")


def test_a_file_that_cannot_be_read(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, most: int) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(reading, "read_file", refuse)
    ran = run("check", "good.arch")
    assert (ran.status, ran.err) == (2, "error: good.arch: permission denied\n")


def test_one_variant(run: Run, tmp_path: Path) -> None:
    table = "variants\n| name | width | expect params |\n| a | 8 | 224 |\n| b | 9 | 1 |\n"
    (tmp_path / "net.arch").write_text(f"arch net(width)\ninput 3x8x8\nconv3-{{width}}\n{table}", encoding="utf-8")
    ran = run("check", "net.arch", "--variant", "a")
    assert (ran.status, ran.out, ran.err) == (0, "net.arch: ok (1 variant, 1 expectation held)\n", "")
    assert "expectation-failed" in run("check", "net.arch", "--variant", "b").err
    # A name that nothing has is no reason to say that all is well.
    for wrong in ("c", ""):
        for spec in ("net.arch", "good.arch", "blocks.arch"):
            ran = run("check", spec, "--variant", wrong)
            assert (ran.status, ran.out) == (1, "")
            assert f"has no variant `{wrong}`" in ran.err
