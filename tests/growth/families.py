"""Families of specs: a text for every number, in which one thing alone grows with it.

What is in a family costs a spec's length and no more, so that whatever is done with its specs has to grow
as they do, or to stop at a limit.
"""

from __future__ import annotations

from collections.abc import Callable

Family = Callable[[int], str]

HEAD = "arch net\ninput 3x8x8\n"


def lines(n: int, line: str, head: str = HEAD, end: str = "") -> str:
    """A spec of `n` lines that differ in `%`, their number, and `<`, the number before."""
    return head + "".join(line.replace("%", str(i)).replace("~", str(i - 1)) + "\n" for i in range(1, n + 1)) + end


def within(n: int, before: str, inside: str, after: str, head: str = HEAD) -> str:
    """A spec in which something stands in `n` brackets."""
    return head + before * n + inside + after * n + "\n"


def joined(n: int, part: str, between: str = " ") -> str:
    """`n` parts that differ in `%`."""
    return between.join(part.replace("%", str(i)) for i in range(1, n + 1))


def called(n: int, body: str, first: str = "conv1-3 relu", end: str = "") -> str:
    """Blocks within blocks, `n` levels of them; `~` in the body is the block before."""
    blocks = "".join(f"block b{i}_ = [{body.replace('~', f'b{i - 1}_')}]\n" for i in range(1, n + 1))
    return HEAD + f"block b0_ = [{first}]\n" + blocks + (end or f"b{n}_") + "\n"


NESTED: dict[str, Family] = {
    "groups": lambda n: within(n, "[", "relu", "]"),
    "groups and layers": lambda n: within(n, "[conv1-3 ", "relu", " relu]"),
    "labelled groups": lambda n: within(n, "a: [", "b: relu", "]"),
    "repeats of one turn": lambda n: within(n, "[", "conv1-3", "] x1"),
    "repeats of one turn and a layer": lambda n: within(n, "[relu ", "conv1-3", "] x1"),
    "repeats of two turns": lambda n: within(min(n, 40), "[relu ", "conv1-3", "] x2") + "# longer\n" * n,
    "repeats between layers": lambda n: within(n, "[conv1-3 ", "conv1-3", " relu] x1"),
    "repeats that count": lambda n: (
        HEAD + "".join("[" for _ in range(n)) + "conv1-3" + "".join(f"] x1 as i{i}" for i in range(n)) + "\n"
    ),
    "repeats that change the shape": lambda n: within(n, "[conv1-{in_channels + 1} ", "relu", "] x1"),
    "labelled repeats": lambda n: within(n, "a: [relu ", "b: relu", "] x1"),
    "ifs": lambda n: within(n, "if {true} [relu ", "conv1-3", "]"),
    "ifs on what arrives": lambda n: within(n, "if {in_channels > 1} [relu ", "conv1-3", "]"),
    "alternatives": lambda n: HEAD + joined(n, "if {in_channels == %00} [relu]", " else ") + " else [relu]\n",
    "fors": lambda n: within(n, "for i in {[1]} [relu ", "conv1-3", "]"),
    "residuals": lambda n: within(n, "residual<relu ", "conv1-3", ">"),
    "residuals that project": lambda n: within(n, "residual<conv1-{in_channels} ", "relu", " | project>"),
    "sums in sums": lambda n: within(n, "add<relu ", "conv1-3", " | identity>"),
    "sums in both branches": lambda n: within(n, "add<identity | relu ", "conv1-3", " | relu>"),
    "blocks": lambda n: called(n, "~ relu"),
    "blocks called twice": lambda n: called(min(n, 40), "~ ~") + "# longer\n" * n,
    "blocks in blocks' brackets": lambda n: HEAD + "block b<p> = [p relu]\n" + "b<" * n + "conv1-3" + ">" * n + "\n",
    "layers handed on": lambda n: (
        HEAD
        + "block b0_<p> = [p]\n"
        + "".join(f"block b{i}_<p> = [b{i - 1}_<p> relu]\n" for i in range(1, n + 1))
        + f"b{n}_<conv1-3>\n"
    ),
    "numbers handed on": lambda n: (
        HEAD
        + "block b0_(c) = [conv1-{c}]\n"
        + "".join(f"block b{i}_(c) = [b{i - 1}_(c + 1) relu]\n" for i in range(1, n + 1))
        + f"b{n}_(3) b{n}_(4)\n"
    ),
    "brackets in an expression": lambda n: HEAD + "let a = {" + "(" * n + "1" + ")" * n + "}\nconv1-{a}\n",
    "lists in lists": lambda n: HEAD + "let a = {" + "[" * n + "1" + "]" * n + "}\nrelu\n",
    "negations": lambda n: HEAD + "if {" + "not " * n + "true} [relu] else [bn]\n",
    "calls in an expression": lambda n: HEAD + "let a = {" + "max(1, " * n + "1" + ")" * n + "}\nconv1-{a}\n",
    "choices in an expression": lambda n: (
        HEAD + "let a = {" + "1 if in_width == 2 else (" * n + "1" + ")" * n + "}\nconv1-{a}\n"
    ),
    "a sum": lambda n: HEAD + "let a = {" + joined(n, "1", " + ") + "}\nconv1-{a}\n",
    "a chain of ands": lambda n: HEAD + "if {" + joined(n, "in_channels != %00", " and ") + "} [relu]\n",
    "indices": lambda n: HEAD + "let a = {" + "[" * n + "1" + "]" * n + "[0]" * n + "}\nconv1-{a}\n",
}
"""What stands within itself."""

MANY: dict[str, Family] = {
    "layers": lambda n: lines(n, "relu"),
    "convolutions": lambda n: lines(n, "conv3-8"),
    "layers that differ": lambda n: lines(n, "conv3-{in_channels + 1}"),
    "layers on one line": lambda n: HEAD + joined(n, "relu") + "\n",
    "groups side by side": lambda n: lines(n, "[conv3-8 bn relu]"),
    "labels": lambda n: lines(n, "l%: conv3-8"),
    "labels with a hole": lambda n: lines(n, "l{%}: conv3-8"),
    "labels in a container": lambda n: HEAD + "m: [" + joined(n, "l%: relu", "\n") + "]\n",
    "labels in branches": lambda n: HEAD + joined(n, "add<l%: relu | identity>", "\n") + "\n",
    "labels in many containers": lambda n: lines(n, "m%: [a: relu b: relu c: relu]"),
    "references": lambda n: lines(n, "l%: conv3-3\nadd<@l% | identity>"),
    "references to one": lambda n: lines(n, "add<@l | identity>", HEAD + "l: conv3-3\n"),
    "references within": lambda n: lines(n, "m%: [a: relu b: relu]\nadd<@m%.a | identity>"),
    "references in a group": lambda n: lines(n, "[a%: relu add<@a% | relu>]"),
    "auxiliary outputs": lambda n: lines(n, "l%: conv3-3\naux o% from @l% [gap fc-2]"),
    "auxiliary outputs of one": lambda n: lines(n, "aux o% from @l [gap fc-2]", HEAD + "l: conv3-3\n"),
    "parameters": lambda n: f"arch net({joined(n, 'p% = %', ', ')})\ninput 3x8x8\nrelu\n",
    "parameters that are used": lambda n: (
        f"arch net({joined(n, 'p% = %', ', ')})\ninput 3x8x8\n" + "".join(f"conv1-{{p{i}}}\n" for i in range(1, n + 1))
    ),
    "parameters by parameters": lambda n: (
        "arch net(p0 = 1, "
        + ", ".join(f"p{i} = p{i - 1}" for i in range(1, n + 1))
        + f")\ninput 3x8x8\nconv1-{{p{n}}}\n"
    ),
    "parameters of a block": lambda n: (
        HEAD + f"block b({joined(n, 'p% = %', ', ')}) = [{joined(n, 'conv1-{p%}')}]\nb b(p1=7)\n"
    ),
    "arguments of a block": lambda n: (
        HEAD + f"block b({joined(n, 'p%', ', ')}) = [{joined(n, 'conv1-{p%}')}]\nb({joined(n, 'p% = 3', ', ')})\n"
    ),
    "lets": lambda n: lines(n, "let a% = {%}", end="relu\n"),
    "lets by lets": lambda n: lines(n, "let a% = {a~ + 1}", HEAD + "let a0 = {1}\n", f"conv1-{{a{n}}}\n"),
    "lets between layers": lambda n: lines(n, "let a% = {%}\nconv1-{a%}"),
    "lets in a group": lambda n: HEAD + "m: [" + joined(n, "let a% = {%}", "\n") + "\nrelu]\n",
    "lets and blocks": lambda n: lines(n, "let a% = {%}\nblock b%_ = [conv1-{a%}]", end=joined(n, "b%_") + "\n"),
    "lets in a block": lambda n: (
        HEAD
        + "block b(c) = ["
        + joined(n, "let a% = {c + %}", "\n")
        + joined(n, " conv1-{a%}", "\n")
        + "]\nb(1) b(2)\n"
    ),
    "blocks side by side": lambda n: lines(n, "block b%_ = [conv3-3 relu]", end=joined(n, "b%_", "\n") + "\n"),
    "blocks that nobody calls": lambda n: lines(n, "block b%_ = [conv3-3 relu]", end="relu\n"),
    "calls of one block": lambda n: lines(n, "b(%)", HEAD + "block b(c) = [conv3-{c} relu]\n"),
    "calls that are alike": lambda n: lines(n, "b", HEAD + "block b = [conv3-3 relu]\n"),
    "calls with conditions": lambda n: lines(
        n, "b(%)", HEAD + "block b(c) = [if {c > 5} [conv3-{c}] else [conv1-{c}] relu]\n"
    ),
    "calls on another shape": lambda n: lines(n, "b", HEAD + "block b = [conv3-{in_channels + 1} relu]\n"),
    "residual blocks": lambda n: lines(n, "b(%)", HEAD + "block b(c) = [residual<conv3-{c} bn relu | project> relu]\n"),
    "defaults": lambda n: lines(n, "default conv(bias=true)", end="conv3-3\n"),
    "defaults between layers": lambda n: lines(n, "default conv(bias=true)\nconv3-3"),
    "afters": lambda n: lines(n, "after conv relu", end="conv3-3\n"),
    "afters between layers": lambda n: lines(n, "after conv relu\nconv3-3"),
    "inits of a kind": lambda n: lines(n, "init conv kaiming", end="conv3-3\n"),
    "inits of a label": lambda n: lines(n, "l%: conv3-3\ninit @l% kaiming"),
    "inits of one label": lambda n: lines(n, "init @l kaiming", HEAD + "l: conv3-3\n"),
    "inits in a container": lambda n: (
        HEAD + "m: [" + joined(n, "l%: conv3-3", "\n") + "]\n" + joined(n, "init @m.l% kaiming", "\n") + "\n"
    ),
    "expectations": lambda n: lines(n, "expect output == 3x8x8", end="relu\n"),
    "expectations of parameters": lambda n: lines(n, "expect params == 0", end="relu\n"),
    "expectations of sizes": lambda n: lines(n, "l%: relu\nexpect size(@l%) == 3x8x8"),
    "expectations of one size": lambda n: lines(n, "expect size(@l) == 3x8x8", HEAD + "l: relu\n"),
    "expectations that fail": lambda n: lines(n, "l%: relu\nexpect size(@l%) == 3x8x9"),
    "expectations that reckon": lambda n: lines(n, "expect params == {1 - 1}", end="relu\n"),
    "a wide sum": lambda n: HEAD + f"add<{joined(n, 'relu', ' | ')} | identity>\n",
    "a wide concatenation": lambda n: HEAD + f"concat<{joined(n, 'conv1-%', ' | ')} | identity>\n",
    "a wide sum of labels": lambda n: HEAD + f"add<{joined(n, 'l%: relu', ' | ')} | identity>\n",
    "merges side by side": lambda n: lines(n, "residual<conv3-3 relu>"),
    "merges of one text": lambda n: lines(n, "concat<conv3-3 | conv1-3>"),
    "a for": lambda n: HEAD + f"for i in {{range({n})}} [conv1-{{i + 1}}]\n",
    "a for with labels": lambda n: HEAD + f"for i in {{range({n})}} [l{{i}}: conv1-{{i + 1}}]\n",
    "a for over a list": lambda n: HEAD + f"for i in {{[{joined(n, '%', ', ')}]}} [conv1-{{i}}]\n",
    "a for around nothing": lambda n: HEAD + f"for i in {{range({n})}} [let a = {{i}}]\nrelu\n",
    "a repeat of turns that differ": lambda n: HEAD + f"[conv1-{{in_channels + 1}}] x{n}\n",
    "a repeat that counts": lambda n: HEAD + f"[conv1-{{i + 1}}] x{n} as i\n",
    "a repeat with labels": lambda n: HEAD + f"l{{i}}: conv3-3 x{n} as i\n",
    "a repeat with labels within": lambda n: HEAD + f"[l{{i}}: conv3-3 m{{i}}: relu] x{n} as i\n",
    "a repeat called by name": lambda n: HEAD + f"[l{{i}}: conv3-3] x{n} as i\nadd<@l0 | identity>\n",
    "repeats side by side": lambda n: lines(n, "[conv3-3 relu] x2"),
    "a table": lambda n: HEAD + "table\n| net |\n" + "| relu |\n" * n,
    "a table with labels": lambda n: HEAD + "table\n| net |\n" + joined(n, "| l%: relu |", "\n") + "\n",
    "a wide table": lambda n: HEAD + f"table\n| {joined(n, 'c%', ' | ')} |\n| {joined(n, 'relu', ' | ')} |\n",
    "tables side by side": lambda n: lines(n, "table\n| net |\n| conv3-3 |\n| relu |\n"),
    "variants": lambda n: (
        "arch net(c = 1)\ninput 3x8x8\nconv1-{c}\nvariants\n| name | c |\n" + joined(n, "| v% | % |", "\n") + "\n"
    ),
    "columns of variants": lambda n: (
        f"arch net({joined(n, 'p% = %', ', ')})\ninput 3x8x8\n"
        + joined(n, "conv1-{p%}")
        + f"\nvariants\n| name | {joined(n, 'p%', ' | ')} |\n| v | {joined(n, '%', ' | ')} |\n"
    ),
    "reports of variants": lambda n: (
        HEAD + f"relu\nvariants\n| name | {joined(n, 'report r%', ' | ')} |\n| v | {joined(n, '%', ' | ')} |\n"
    ),
    "comments": lambda n: lines(n, "# a remark", end="relu\n"),
    "comments between layers": lambda n: lines(n, "relu # a remark"),
    "comments in a table": lambda n: HEAD + "table\n| net |\n" + "| relu | # a remark\n" * n,
    "empty lines": lambda n: HEAD + "\n" * n + "relu\n",
    "spaces": lambda n: HEAD + " " * n + "relu\n",
    "spaces in a table": lambda n: HEAD + "table\n| net |\n|" + " " * n + "relu |\n| relu |\n",
    "arguments of a layer": lambda n: HEAD + f"permute({joined(n, '0', ', ')})\n",
}
"""What there is much of, side by side."""

LONG: dict[str, Family] = {
    "a list": lambda n: HEAD + f"let a = {{[{joined(n, '%', ', ')}]}}\nconv1-{{a[0]}}\n",
    "a list that is read often": lambda n: (
        HEAD + f"let a = {{[{joined(n, '%', ', ')}]}}\n" + joined(n, "conv1-{a[%-1]}", "\n") + "\n"
    ),
    "a list made of itself": lambda n: HEAD + f"let a = {{[i for i in range({n})]}}\nconv1-{{len(a)}}\n",
    "functions of a list": lambda n: (
        HEAD + f"let a = {{range({n})}}\n" + "let b = {sum(a) + max(a) + len(a)}\n" * 9 + "relu\n"
    ),
    "a list of lists": lambda n: HEAD + f"let a = {{[{joined(n, '[%, %]', ', ')}]}}\nfor i, j in {{a}} [conv1-{{i}}]\n",
    "a string": lambda n: HEAD + f'let a = {{"{"a" * n}"}}\nrelu\n',
    "a label": lambda n: HEAD + f"{'a' * n}: relu\n",
    "a label and its reference": lambda n: HEAD + f"{'a' * n}: conv3-3\nadd<@{'a' * n} | identity>\n",
    "a label of holes": lambda n: HEAD + "a" + "{1}" * n + ": relu\n",
    "a name": lambda n: HEAD + f"let {'a' * n} = {{1}}\nconv1-{{{'a' * n}}}\n",
    "a comment": lambda n: HEAD + f"# {'a' * n}\nrelu\n",
    "a remark in wide letters": lambda n: HEAD + f"relu # {'猫' * n}\nmaxpool9\n",
    "a number": lambda n: HEAD + f"let a = {{{'1' * n}}}\nrelu\n",
    "a power of ten": lambda n: HEAD + f"let a = {{10**{n}}}\nlet b = {{a // a}}\nconv1-{{b}}\n",
    "big numbers multiplied": lambda n: (
        HEAD + f"let a = {{2**{n}}}\n" + "let b = {a * a // a // a}\n" * 20 + "conv1-{b}\n"
    ),
    "a size": lambda n: f"arch net\ninput 3{'x8' * n}\nrelu\n",
    "an input in wide brackets": lambda n: "arch net\ninput 3x{" + joined(n, "1", "+") + "}\nrelu\n",
    "a comparison": lambda n: HEAD + f"let a = {{[{joined(n, '1', ', ')}]}}\nif {{a == a}} [relu]\n",
    "a header": lambda n: HEAD + f"table\n| {'a' * n} |\n| relu |\n",
}
"""What is one thing, and long."""

UNKNOWN: dict[str, Family] = {
    "names": lambda n: lines(n, "conv1-{unknown%}"),
    "names among many": lambda n: (
        f"arch net({joined(n, 'width% = %', ', ')})\ninput 3x8x8\n" + joined(n, "conv1-{widht%}", "\n") + "\n"
    ),
    "names in one expression": lambda n: HEAD + f"let a = {{[{joined(n, 'unknown%', ', ')}]}}\nrelu\n",
    "layers": lambda n: lines(n, "unknownlayer%"),
    "layers among many blocks": lambda n: lines(n, "block block%_ = [relu]\nblok%_"),
    "merges": lambda n: lines(n, "unknown%<relu | relu>"),
    "merges among many blocks": lambda n: lines(n, "block block%_ = [relu]\nblok%_<relu>"),
    "functions": lambda n: lines(n, "let a% = {unknown%(1)}", end="relu\n"),
    "labels": lambda n: lines(n, "label%: conv3-3", end="add<@labell | identity>\n"),
    "labels of expectations": lambda n: lines(n, "label%: relu\nexpect size(@labl%) == 3x8x8"),
    "labels of inits": lambda n: lines(n, "label%: conv3-3\ninit @labl% kaiming"),
    "figures": lambda n: lines(n, "expect parms% == 3", end="relu\n"),
    "arguments of layers": lambda n: lines(n, "conv3-3(strid%=1)"),
    "arguments of a block": lambda n: (
        HEAD + f"block b({joined(n, 'width% = %', ', ')}) = [relu]\n" + joined(n, "b(widht%=1)", "\n") + "\n"
    ),
    "imports": lambda n: lines(n, 'from "blocks%.arch" use b%', "", "arch net\ninput 3\nrelu\n"),
    "columns": lambda n: (
        f"arch net({joined(n, 'width% = %', ', ')})\ninput 3x8x8\nrelu\nvariants\n| name | "
        + f"{joined(n, 'widht%', ' | ')} |\n| v | {joined(n, '%', ' | ')} |\n"
    ),
    "columns of a table": lambda n: (
        'arch net(config = "column")\ninput 3x8x8\ntable config\n| '
        + f"{joined(n, 'column%', ' | ')} |\n| {joined(n, 'relu', ' | ')} |\n"
    ),
    "a long name": lambda n: HEAD + f"let {'a' * n} = {{1}}\nconv1-{{{'a' * n}b}}\n",
    "long names": lambda n: (
        HEAD
        + "".join(f"let {'a' * 900}{i} = {{1}}\n" for i in range(n))
        + "".join(f"conv1-{{{'a' * 900}b{i}}}\n" for i in range(n))
    ),
    "names of blocks in a library": lambda n: lines(n, "block b%_ = [conv1-{unknown%}]", ""),
    "names in many variants": lambda n: (
        "arch net(c = 1)\ninput 3x8x8\nconv1-{unknown}\nvariants\n| name | c |\n" + joined(n, "| v% | % |", "\n") + "\n"
    ),
}
"""What nothing defines."""

BROKEN: dict[str, Family] = {
    "brackets that open": lambda n: HEAD + "[" * n + "relu\n",
    "brackets that open on lines": lambda n: lines(n, "[relu"),
    "brackets that close": lambda n: HEAD + "relu" + "]" * n + "\n",
    "brackets that close on lines": lambda n: lines(n, "relu]"),
    "braces on lines": lambda n: lines(n, "conv1-{1"),
    "angle brackets on lines": lambda n: lines(n, "add<relu | relu"),
    "commas": lambda n: lines(n, "relu, relu"),
    "signs": lambda n: HEAD + "relu" + "; " * n + "\n",
    "words": lambda n: HEAD + joined(n, "is a") + "\n",
    "prose": lambda n: lines(n, "This is no spec, but a text for people to read."),
    "quotes": lambda n: lines(n, '"a: relu'),
    "look-alikes": lambda n: lines(n, "\u0441onv3-4"),
    "hidden characters": lambda n: lines(n, "relu \u202e bn"),
    "bars": lambda n: HEAD + "table\n| net |\n" + "| relu\n" * n,
    "bars of variants": lambda n: HEAD + "relu\nvariants\n| name |\n" + joined(n, "| v%", "\n") + "\n",
    "holes": lambda n: lines(n, "l{1 +}: relu"),
    "holes in one label": lambda n: HEAD + "a" + "{1 +}" * n + ": relu\n",
    "words of the language": lambda n: lines(n, "input"),
    "one mistake far away": lambda n: lines(n, "relu", end="conv3-(\n"),
    "one mistake before much": lambda n: lines(n, "relu", HEAD + "conv3-(\n"),
    "a long line": lambda n: HEAD + joined(n, "relu") + " conv3-(\n",
    "a long line of wide letters": lambda n: HEAD + "relu " + "猫" * n + "\n",
    "labels that collide": lambda n: lines(n, "a: relu"),
    "labels that collide far away": lambda n: lines(n, "l%: relu", end="l1: relu\n"),
    "blocks of themselves": lambda n: HEAD + "".join(f"block b{i}_ = [b{(i + 1) % n}_]\n" for i in range(n)) + "b0_\n",
    "blocks that are defined twice": lambda n: lines(n, "block b% = [relu]", end="block b1 = [relu]\nrelu\n"),
    "variants of one name": lambda n: HEAD + "relu\nvariants\n| name |\n" + "| v |\n" * n,
    "layers that don't fit": lambda n: lines(n, "l%: relu", end="maxpool9\n"),
    "layers that don't fit in a repeat": lambda n: HEAD + f"[relu maxpool] x{n}\n",
    "layers that don't fit in a block": lambda n: called(n, "relu ~", "maxpool9"),
    "rows that are too long": lambda n: HEAD + "table\n| net |\n" + "| relu | relu |\n" * n,
}
"""What is wrong."""

WARNED: dict[str, Family] = {
    "even kernels": lambda n: lines(n, "conv2-4(padding=1)\nconv2-4\n"),
    "sizes that are lost": lambda n: lines(n, "maxpool\nupsample2\nconv3-4(padding=2)", "arch net\ninput 3x7x7\n"),
    "biases": lambda n: lines(n, "conv3-8(bias=true) bn relu"),
    "parameters": lambda n: f"arch net({joined(n, 'p% = %', ', ')})\ninput 3x8x8\nrelu\n",
    "lets": lambda n: lines(n, "let a% = {%}", end="relu\n"),
    "blocks": lambda n: lines(n, "block b%(c = 3, d = 4) = [let a = {3} conv3-3 relu]", end="relu\n"),
    "hidden characters in comments": lambda n: lines(n, "relu # \u202e"),
    "in many variants": lambda n: (
        "arch net(c = 1)\ninput 3x8x8\n"
        + "conv2-{c}\n" * 3
        + "variants\n| name | c |\n"
        + joined(n, "| v% | % |", "\n")
        + "\n"
    ),
}
"""What is warned of."""

OPEN: dict[str, Family] = {
    "a product of sums": lambda n: (
        HEAD
        + "block b(c, d, e, f) = [conv1-{"
        + joined(n, "(c + d + e + f)", " * ")
        + "}]\nb(1, 0, 0, 0) b(0, 1, 0, 0)\n"
    ),
    "a product of unlike sums": lambda n: (
        HEAD
        + f"block b({joined(n, 'p%', ', ')}) = [conv1-{{"
        + joined(n, "(p% + 1)", " * ")
        + "}]\n"
        + f"b({joined(n, '0', ', ')}) b({joined(n, '1', ', ') if n < 9 else joined(n, '0', ', ')[:-1] + '1'})\n"
    ),
    "a product of differences": lambda n: (
        HEAD + "block b(c, d) = [conv1-{" + joined(n, "(c - d + %)", " * ") + "// 10**30 + 1}]\nb(1, 0) b(2, 1)\n"
    ),
    "powers of sums": lambda n: (
        HEAD + "block b(c, d, e) = [conv1-{" + joined(n, "(c + d + e) ** 8", " // ") + "}]\nb(1, 0, 0) b(2, 0, 0)\n"
    ),
    "squares of squares": lambda n: (
        HEAD
        + "block b(c, d, e, f) = [let a0 = {c + d + e + f}\n"
        + "".join(f"let a{i} = {{a{i - 1} * a{i - 1}}}\n" for i in range(1, n + 1))
        + f"conv1-{{a{n} // a{n} + c}}]\nb(1, 0, 0, 0) b(0, 1, 0, 0)\n"
    ),
    "sums of unknowns": lambda n: (
        HEAD
        + f"block b({joined(n, 'p%', ', ')}) = [conv1-{{{joined(n, 'p%', ' + ')}}}]\n"
        + f"b({joined(n, '1', ', ')}) b({joined(n, '2', ', ')})\n"
    ),
    "floors in floors": lambda n: (
        HEAD + "block b(c, d) = [conv1-{" + "(" * n + "c" + " + 1) // (d + 1)" * n + " + 1}]\nb(1, 0) b(2, 1)\n"
    ),
    "remainders in remainders": lambda n: (
        HEAD + "block b(c, d) = [conv1-{" + "(" * n + "c" + " * 3) % (d + 7)" * n + " + 1}]\nb(1, 0) b(2, 1)\n"
    ),
    "lesser ones of lesser ones": lambda n: (
        HEAD + "block b(c, d) = [conv1-{" + "min(d + c, 2 * " * n + "c" + ")" * n + " + 1}]\nb(1, 3) b(2, 1)\n"
    ),
    "choices": lambda n: (
        HEAD + "block b(c, d) = [conv1-{" + "c if d > 1 else (1 + " * n + "c" + ")" * n + " + 1}]\nb(1, 3) b(2, 1)\n"
    ),
    "choices of lets": lambda n: (
        HEAD
        + "block b(c, d) = [let a0 = {c}\n"
        + "".join(f"let a{i} = {{a{i - 1} + d if a{i - 1} > d else a{i - 1} + 1}}\n" for i in range(1, n + 1))
        + f"conv1-{{a{n}}}]\nb(1, 3) b(3, 1)\n"
    ),
    "comparisons": lambda n: (
        HEAD + "block b(c, d) = [if {" + joined(n, "c + d != %00", " and ") + "} [relu] conv1-{c}]\nb(1, 3) b(2, 1)\n"
    ),
    "comparisons that differ": lambda n: (
        HEAD + "block b(c, d) = [if {" + joined(n, "c > %", " or ") + "} [relu] conv1-{c}]\nb(1, 3) b(2, 1)\n"
    ),
    "conditions": lambda n: (
        HEAD + "block b(c) = [" + joined(n, "if {c > %} [relu]", "\n") + " conv1-{c}]\nb(1) b(1000)\n"
    ),
    "conditions in conditions": lambda n: (
        HEAD
        + "block b(c) = ["
        + "if {c > 5} [relu if {c > 4} [bn " * (n // 2)
        + "]]" * (n // 2)
        + " conv1-{c}]\nb(1) b(1000)\n"
    ),
    "lets on unknowns": lambda n: (
        HEAD + "block b(c) = [" + joined(n, "let a% = {c + %}", "\n") + joined(n, " conv1-{a%}") + "]\nb(1) b(2)\n"
    ),
    "windows": lambda n: (
        HEAD.replace("3x8x8", "3xHxW").replace("HxW", "{8}x{8}")
        + "block b(k, s) = ["
        + joined(n, "conv{k}-3/{s}")
        + "]\nb(1, 1) b(3, 1)\n"
    ),
    "windows in shortcuts": lambda n: (
        HEAD + "block b(s) = [residual<" + joined(n, "conv3-3/{s}") + " | project>]\nb(1) b(2)\n"
    ),
    "channels that are concatenated": lambda n: (
        HEAD + "block b(c) = [" + joined(n, "concat<conv1-{c} | identity>", "\n") + "]\nb(1) b(2)\n"
    ),
    "channels that are multiplied": lambda n: (
        HEAD
        + "block b(c, d) = ["
        + joined(n, "conv1-{(in_channels + c) * (c + d) % 64 + 1}", "\n")
        + "]\nb(1, 2) b(2, 3)\n"
    ),
    "labels on unknowns": lambda n: HEAD + "block b(c) = [" + joined(n, "l%: conv1-{c}", "\n") + "]\nb(1) b(2)\n",
    "classes": lambda n: (
        HEAD
        + "block b(c, s) = [conv1-{c} if {s == 1} [relu]]\n"
        + "".join(f"l{i}: b({i}, {i % 2})\n" for i in range(1, n + 1))
    ),
    "classes in classes": lambda n: (
        HEAD
        + "block b0_(c) = [conv1-{c}]\n"
        + "".join(f"block b{i}_(c) = [b{i - 1}_(c) conv1-{{c + {i}}}]\n" for i in range(1, n + 1))
        + f"b{n}_(1) b{n}_(2)\n"
    ),
    "classes that split": lambda n: (
        HEAD
        + "block b0_(c) = [if {c > 1} [relu] conv1-{c}]\n"
        + "".join(
            f"block b{i}_(c) = [b{i - 1}_(c) x2 if {{c > {i + 1}}} [relu] conv1-{{c}}]\n" for i in range(1, n + 1)
        )
        + f"b{n}_(1) b{n}_(2) b{n}_(3)\n"
    ),
}
"""What a source has to say for unknown numbers."""

SEVERAL: dict[str, Family] = {
    "variants of a long body": lambda n: (
        "arch net(c = 1)\ninput 3x8x8\n"
        + "conv3-{c}\n" * 20
        + "variants\n| name | c |\n"
        + joined(n, "| v% | % |", "\n")
        + "\n"
    ),
    "bodies of many variants": lambda n: (
        "arch net(c = 1)\ninput 3x8x8\n"
        + "conv3-{c}\n" * n
        + "variants\n| name | c |\n"
        + joined(20, "| v% | % |", "\n")
        + "\n"
    ),
    "expectations of many variants": lambda n: (
        "arch net(c = 1)\ninput 3x8x8\nconv3-{c}\n"
        + "expect output[0] == c\n".replace("[0] == c", " == {c}x8x8") * n
        + "variants\n| name | c |\n"
        + joined(20, "| v% | % |", "\n")
        + "\n"
    ),
}
"""Much of two things at once, one of them few."""

FAMILIES: dict[str, Family] = {
    f"{kind}: {name}": family
    for kind, families in {
        "nested": NESTED,
        "many": MANY,
        "long": LONG,
        "unknown": UNKNOWN,
        "broken": BROKEN,
        "warned": WARNED,
        "open": OPEN,
        "several": SEVERAL,
    }.items()
    for name, family in families.items()
}
