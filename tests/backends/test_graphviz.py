"""Pictures: what is drawn, that texts stay texts, and that a file is whole or not there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from archdsl.backends.graphviz import RenderError, dot, render
from archdsl.layers.base import Role
from tests.backends.pictured import DENSE, RESNET, ROOT, SQUEEZE, TINY, UNET, net


def boxes(text: str) -> dict[str, str]:
    """The statement of each node, by its name."""
    return dict(re.findall(r"^\s*((?:n\d+|(?:in|out)[A-Z]+)|legend) (\[.*\])$", text, re.M))


def edges(text: str) -> list[tuple[str, str, str]]:
    return re.findall(r"^\s*(n\d+|(?:in|out)[A-Z]+) -> (n\d+|(?:in|out)[A-Z]+) \[(.*)\]$", text, re.M)


def shapes(text: str) -> list[str]:
    """What is written beside the arrows."""
    return re.findall(r"-> .*label=<.*>&#160;(.*?)&#160;<", text)


def words(markup: str) -> str:
    """A label without its markup."""
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", markup).replace("&#160;", " ")).strip()


def clusters(text: str) -> list[str]:
    return [words(label) for label in re.findall(r"^\s*label=<(.*)>; labeljust", text, re.M)]


def one(text: str, part: str) -> str:
    """The only node with this in its statement."""
    (found,) = [name for name, statement in boxes(text).items() if part in statement]
    return found


class TestStructure:
    def test_norm_and_activation_are_folded_into_their_layer(self) -> None:
        text = dot(net("arch n\ninput 3x8x8\nconv3-4/2 bn relu\n"))
        assert words(boxes(text)[one(text, "conv3-4/2")]).startswith("[label= conv3-4/2 bn · relu 116 parameters")
        assert len([name for name in boxes(text) if name != "legend"]) == 3

    def test_without_fold_each_layer_has_a_box(self) -> None:
        text = dot(net("arch n\ninput 3x8x8\nconv3-4/2 bn relu\n"), fold=False)
        assert len([name for name in boxes(text) if name != "legend"]) == 5

    def test_bias_that_the_compiler_drops_is_not_written(self) -> None:
        assert "bias" not in dot(net("arch n\ninput 3x8x8\nconv3-4 bn\n"))
        assert "conv3-4(bias=false)" in dot(net("arch n\ninput 3x8x8\nconv3-4(bias=false) relu\n"))

    def test_shapes_are_written_where_they_change(self) -> None:
        text = dot(net("arch n\ninput 3x8x8\nconv3-4/2 conv3-4 maxpool\nfc-2\n"))
        assert shapes(text) == ["4×4×4", "4×2×2"]

    def test_a_repeat_is_one_cluster(self) -> None:
        text = dot(net("arch n\ninput 3x8x8\n[conv3-4 relu conv3-3] x3\n"))
        assert clusters(text) == ["×3"]
        assert text.count("conv3-4") == 1

    def test_turns_of_other_shapes_are_the_same_cluster_if_they_look_alike(self) -> None:
        text = dot(net(DENSE))
        assert clusters(text) == ["block1: layer1 … layer6: layer(4) ×6"]
        assert "32 … 72 parameters" in text
        assert "40×32×32" in text

    def test_many_unlike_turns_are_left_out(self) -> None:
        text = dot(net("arch n\ninput 64x4x4\n[conv1-{in_channels - 1} relu] x40\n"))
        assert "… 37 more turns" in text
        assert len(boxes(text)) < 12

    def test_identity_is_solid_and_projection_dotted(self) -> None:
        text = dot(net(RESNET, "resnet18"), depth=2)
        dotted = [(tail, head) for tail, head, looks in edges(text) if "style=dotted" in looks]
        projections = {name for name, statement in boxes(text).items() if "conv1-" in statement}
        assert len(projections) == 3
        assert {head for _, head in dotted} >= projections
        assert {tail for tail, _ in dotted} >= projections
        assert len(dotted) == 6
        residuals = [name for name, statement in boxes(text).items() if "<b>+</b>" in statement]
        incoming = {name: [tail for tail, head, _ in edges(text) if head == name] for name in residuals}
        assert len(residuals) == 7
        assert all(len(tails) == 2 for tails in incoming.values())

    def test_a_long_skip_starts_at_the_labelled_tensor(self) -> None:
        text = dot(net(UNET))
        long = [(tail, head, looks) for tail, head, looks in edges(text) if "#2f7d8c" in looks]
        assert [re.findall(r"label=<.*>&#160;(.*?)&#160;<", looks) for _, _, looks in long] == [
            ["16×32×32"],
            ["8×64×64"],
        ]
        assert all("concat" in boxes(text)[head] for _, head, _ in long)
        assert all("conv3-" in boxes(text)[tail] for tail, _, _ in long)

    def test_a_referenced_tensor_keeps_its_box(self) -> None:
        text = dot(net("arch n\ninput 3x8x8\na: conv3-4\nrelu conv3-4 concat<@a | identity>\n"))
        (tail, _, _) = next(each for each in edges(text) if "#2f7d8c" in each[2])
        assert "relu" not in boxes(text)[tail]

    def test_a_closed_group_takes_the_skips_into_it(self) -> None:
        spec = "arch n\ninput 3x8x8\na: conv3-4\nb: [ conv3-4 concat<@a | identity> conv3-4 ]\nconv3-2\n"
        text = dot(net(spec), depth=0)
        assert len([1 for _, _, looks in edges(text) if "#2f7d8c" in looks]) == 0
        spec = spec.replace("b: [", "conv3-4 b: [")
        text = dot(net(spec), depth=0)
        (skip,) = [(tail, head) for tail, head, looks in edges(text) if "#2f7d8c" in looks]
        assert "<b>b</b>" in boxes(text)[skip[1]]

    def test_squeeze_and_excite(self) -> None:
        text = dot(net(SQUEEZE))
        sign = one(text, "<b>×</b>")
        assert "shape=circle" in boxes(text)[sign]
        assert len([head for _, head, _ in edges(text) if head == sign]) == 2

    def test_depth_closes_blocks_into_boxes_with_totals(self) -> None:
        text = dot(net(RESNET, "resnet50"), depth=0)
        assert not clusters(text)
        assert words(boxes(text)[one(text, "layer1")]).startswith(
            "[label= layer1 bottleneck(64) ×3 215,808 parameters 668 M MACs"
        )
        text = dot(net(RESNET, "resnet50"), depth=1)
        assert clusters(text) == ["layer1", "layer2", "layer3", "layer4"]
        assert "bottleneck(64)</b> <font" in text
        assert "bottleneck(128, s=2)" in text

    def test_optional_shortcut_that_is_absent_is_not_drawn(self) -> None:
        text = dot(net("arch n\ninput 3x8x8\nresidual<conv3-4/2 bn | optional>\n"))
        assert "<b>+</b>" not in text

    def test_legend_names_the_roles_that_occur(self) -> None:
        legend = boxes(dot(net(TINY)))["legend"]
        assert [role.value for role in Role if role.value in legend] == ["convolution", "pooling", "linear", "merge"]

    def test_tooltips_are_the_names_of_the_weights(self) -> None:
        text = dot(net(RESNET, "resnet18"), depth=2)
        assert 'tooltip="conv1, bn1, relu"' in text
        assert 'tooltip="layer2.0.conv1, layer2.0.bn1, layer2.0.relu"' in text
        assert 'tooltip="layer2.0.downsample.0, layer2.0.downsample.1"' in text
        assert 'tooltip="layer2.1.conv2, layer2.1.bn2"' in text

    def test_direction(self) -> None:
        assert "rankdir=LR" in dot(net(TINY), direction="LR")
        assert "rankdir=TB" in dot(net(TINY))

    def test_each_node_is_declared_once_and_each_edge_joins_declared_nodes(self) -> None:
        for text in (dot(net(RESNET, "resnet152")), dot(net(UNET)), dot(net(SQUEEZE), fold=False)):
            declared = re.findall(r"^\s*((?:n\d+|(?:in|out)[A-Z]+)|legend) \[", text, re.M)
            assert len(declared) == len(set(declared))
            assert {end for tail, head, _ in edges(text) for end in (tail, head)} <= set(declared)


class TestSize:
    @pytest.mark.parametrize("variant", ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"])
    def test_at_most_sixty_nodes(self, variant: str) -> None:
        assert len(boxes(dot(net(RESNET, variant)))) <= 60

    def test_deep_and_shallow_are_the_same_picture(self) -> None:
        small, large = dot(net(RESNET, "resnet50")), dot(net(RESNET, "resnet152"))
        assert len(boxes(small)) == len(boxes(large))

    def test_a_million_turns_cost_what_ten_cost(self) -> None:
        spec = TINY.replace("x2", "x{}")
        network = net(spec.format(1_000_000))
        began = time.process_time()
        text = dot(network)
        assert time.process_time() - began < 1
        assert text.replace("1,000,000", "10").count("\n") == dot(net(spec.format(10))).count("\n")

    def test_doublings_are_not_expanded(self) -> None:
        blocks = "".join(f"block b{n + 1}x = [b{n}x b{n}x]\n" for n in range(18))
        network = net(f"arch n\ninput 3x8x8\nblock b0x = [conv3-3 relu]\n{blocks}b18x\n")
        began = time.process_time()
        assert len(boxes(dot(network))) <= 60
        assert time.process_time() - began < 5
        with pytest.raises(
            RenderError, match=r"^the picture would have more than 2000 boxes: ask for a smaller depth$"
        ):
            dot(network, depth=99)


HOSTILE = ["<b>x", "<TABLE", "a&amp;b", "&lt;", '\\"]; x [label=', "\\N\\G", "back\\", "-->", "]]>", "%s{}", "層", "‮"]


class TestText:
    @pytest.mark.parametrize("label", HOSTILE)
    def test_a_hostile_label_is_only_text(self, label: str, tmp_path: Path) -> None:
        from archdsl.backends.graphviz.drawing import Box, Drawing, Edge, Frame
        from archdsl.backends.graphviz.printing import print_dot
        from archdsl.backends.graphviz.writing import write_picture
        from archdsl.writing import output

        root = Frame("")
        frame = Frame(label, label, root)
        first = Box(0, "layer", root, label, Role.LINEAR, also=[label], notes=[label], names=[label])
        second = Box(1, "block", frame, label, names=[label], times=label)
        root.children += [first, frame]
        frame.children.append(second)
        drawing = Drawing(label, label, root, [first, second], [Edge(first, second, "long", label)])
        path = tmp_path / "x.svg"
        write_picture(print_dot(drawing, "TB"), "svg", output(path, "svg", False))
        tree = ElementTree.parse(path)
        texts = "".join("".join(each.itertext()) for each in tree.iter("{http://www.w3.org/2000/svg}text"))
        assert texts.replace("\xa0", "").count(label) >= 8
        tips = {value for each in tree.iter() for key, value in each.attrib.items() if key.endswith("}title")}
        assert label in tips

    @pytest.mark.parametrize("label", ["<b>x</b>", "it's", "&copy;", "<<", "w<b>&"])
    def test_a_hostile_label_of_a_spec(self, label: str, tmp_path: Path) -> None:
        network = net(f'arch n\ninput 3x8x8\n"{label}": [ conv3-4 relu conv3-4 ]\nfc-2\n')
        for depth in (0, 1):
            tree = ElementTree.parse(render(network, tmp_path / "x.svg", depth=depth))
            assert label in {each.text for each in tree.iter("{http://www.w3.org/2000/svg}text")}

    def test_control_characters_become_a_mark(self) -> None:
        from archdsl.backends.graphviz.printing import _html, _quoted

        assert _html("a\x00b\nc") == "a\ufffdb c"
        assert _quoted('"\\N&\x07') == '\\"' + "\\" * 4 + "N&amp;\ufffd"

    def test_the_same_text_whatever_the_hash_seed(self) -> None:
        program = (
            "import sys; from archdsl.backends.graphviz import dot; from archdsl.diagnostics import Source;"
            "from archdsl.elaborate.architecture import elaborate; from archdsl.opening.imports import read_program;"
            "sys.stdout.buffer.write(dot(elaborate(read_program(Source('n', sys.stdin.read())), 'resnet34')).encode())"
        )
        outputs = {
            subprocess.run(
                [sys.executable, "-c", program],
                input=RESNET.encode(),
                capture_output=True,
                check=True,
                cwd=ROOT,
                env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            ).stdout
            for seed in ("0", "1", "2")
        }
        assert len(outputs) == 1


def test_golden(request: pytest.FixtureRequest) -> None:
    golden = Path(__file__).with_name("tiny.dot")
    if request.config.getoption("--update-goldens"):
        golden.write_text(dot(net(TINY)), encoding="utf-8")
    assert dot(net(TINY)) == golden.read_text(encoding="utf-8")
