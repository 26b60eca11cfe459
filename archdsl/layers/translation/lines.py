"""Whole lines of PyTorch, Keras or a paper as statements: labels, and calls one behind the other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from archdsl.layers.base import keywords
from archdsl.layers.translation.calls import arguments, closing, split
from archdsl.layers.translation.papers import phrase
from archdsl.layers.translation.translate import Translation, find, together, translate

_CALL = re.compile(r"((?:[A-Za-z_]\w*\.)*)([A-Za-z_]\w*)[ \t]*\(")
_NAMED = re.compile(r"[ \t]*(self\.)?([A-Za-z_]\w*)[ \t]*(?::[ \t]*[\w.]+[ \t]*)?=(?!=)[ \t]*")
_TENSORS = frozenset(
    {"x", "y", "z", "h", "out", "output", "outputs", "net", "model", "inputs", "input", "features", "res", "residual"}
)
"""What tensors are called in a forward pass, which are no labels."""
_ADDED = re.compile(r"[ \t]*[A-Za-z_]\w*\.(?:add|append|add_module)\((.*)\)[ \t]*")
_FLAT = re.compile(
    r"(?:torch\.flatten\([^()]*\)|[a-z]\w*\.(?:view|reshape)\((?:[^()]|\([^()]*\))*-1\s*\)|[a-z]\w*\.flatten\([^()]*\))"
)
_JOINED = re.compile(r"(?:[A-Za-z_]\w*\.)*(?P<name>[A-Za-z]+)(?:\([^()]*\)(?=\())?\((?P<inner>.*)\)[ \t]*")
_BETWEEN = re.compile(r"[\s,;]*|\s*->\s*|\s*>>\s*")
_TENSOR = re.compile(r"\([ \t]*[A-Za-z_]\w*[ \t]*\)")


def translate_line(line: str, merges: Mapping[str, str]) -> Translation | None:
    """What a line says, as a statement; None where no layer is found in it, or one that nobody knows.

    `merges` are the merges' keywords by what they are called elsewhere, in small letters.
    """
    code = line.strip().rstrip(",;")
    label = ""
    named = _NAMED.match(code)
    if named is not None:
        label = "" if named[2] in _TENSORS and not named[1] else named[2]
        code = code[named.end() :]
    added = _ADDED.fullmatch(code)
    if added is not None:
        # Of `add_module("conv1", …)` the name is the label.
        *names, code = list(split(added[1])) or [""]
        label = names[0].strip("\"'") if names else label
    joined = merged(code, merges)
    if joined is not None:
        return joined
    if _FLAT.fullmatch(code):
        return Translation("flatten", (), True, True, "PyTorch")
    made = phrase(code) or _calls(code)
    if made is None or not label or not re.fullmatch(r"[A-Za-z_]\w*", label):
        return made
    several = " " in re.sub(r"\([^()]*\)|\{[^{}]*\}", "", made.text)
    text = f"{label}: [{made.text}]" if several else f"{label}: {made.text}"
    return Translation(text, made.notes, made.is_exact, made.is_doubtful, made.origin)


def merged(code: str, merges: Mapping[str, str]) -> Translation | None:
    """`torch.cat([a, b], dim=1)`, `Add()([a, b])`, `concat(a, b)` as a merge of labels."""
    found = _JOINED.fullmatch(code)
    word = merges.get(found["name"].lower()) if found is not None else None
    if found is None or word is None:
        return None
    inner = list(split(found["inner"]))
    if inner and inner[0][:1] in "[(" and closing(inner[0], 0) == len(inner[0]) - 1:
        inner = list(split(inner[0][1:-1]))
    names = [each for each in inner if re.fullmatch(r"[A-Za-z_]\w*", each)]
    if len(names) < 2:
        return None
    text = f"{word}<{' | '.join(f'@{each}' for each in names)}>"
    return Translation(text, ("branches stand between angle brackets, and a label is called by `@`",), True, True)


def _calls(code: str) -> Translation | None:
    """The calls of a line one behind the other; None where one of them is no layer."""
    found: list[Translation] = []
    place = 0
    is_foreign = False
    while place < len(code):
        call = _CALL.search(code, place)
        if call is None:
            break
        if _BETWEEN.fullmatch(code[place : call.start()]) is None:
            return None
        is_foreign = is_foreign or bool(call[1]) or call[2] not in keywords()
        end = closing(code, call.end() - 1)
        inner = code[call.end() : end] if end >= 0 else ""
        if end < 0:
            return None
        given = (
            [] if _TENSOR.fullmatch(f"({inner})") and call[1] in ("F.", "torch.", "tf.nn.") else list(arguments(inner))
        )
        made = translate(call[2], given, "functions" if call[1] in ("F.", "nn.functional.") else "")
        if made is None:
            return None
        found.append(made)
        place = end + 1
        tensor = _TENSOR.match(code, place)
        place = place if tensor is None else tensor.end()
    if not found:
        bare = re.fullmatch(r"(?:[A-Za-z_]\w*\.)+([A-Za-z_]\w*)", code)
        return translate(bare[1], None) if bare is not None else None
    # What is written as here is no line of somebody else's.
    return together(found) if is_foreign and _BETWEEN.fullmatch(code[place:]) is not None else None


def sections(text: str) -> Iterator[tuple[int, int, Translation | None]]:
    """The sections of Darknet's notation, `[convolutional]` and its lines: their places, and what each is."""
    section = re.compile(
        r"^[ \t]*\[([a-z]+)\][ \t]*((?:\n[ \t]*(?:#[^\n]*|[a-z_]+[ \t]*=[^\n]*)?(?=\n|$))*)", re.MULTILINE
    )
    for each in section.finditer(text):
        lines = re.findall(r"^[ \t]*([a-z_]+)[ \t]*=[ \t]*([^\n#]*)", each[2], re.MULTILINE)
        if not lines:
            continue
        end = each.start(2) + len(each[2].rstrip())
        given = list(arguments(", ".join(f"{name}={value.strip()}" for name, value in lines)))
        word = next(iter(find(each[1], "Darknet")), None)
        taken = {parameter.name for parameter in word.parameters or ()} if word is not None else ()
        made = translate(each[1], [(name, value) for name, value in given if name in taken], "Darknet")
        yield each.start(), end, made
