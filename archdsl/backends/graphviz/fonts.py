"""The fonts of a picture: which are named, and how wide a text is in the widest of them.

Whoever looks at an SVG has other fonts than whoever made it, so that boxes are as wide as the widest font named needs,
and lines in the middle of a box are anchored there.
"""

from __future__ import annotations

from archdsl.record import record

FONT = "Arial"
"""What the layout is made with: Graphviz knows the widths of its letters, whether it is installed or not."""
FAMILY = "Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif"
"""What an SVG asks for, the first that is there."""

# The greater of the widths in Adobe's metrics of Helvetica (`Helvetica.afm`, which Arial and Liberation Sans share)
# and in the `hmtx` table of DejaVu Sans 2.37, in thousandths of the font's size: from the space to the tilde.
_REGULAR = """
318 401 460 838 636 950 780 275 390 390 500 838 318 361 318 337 636 636 636 636 636 636 636 636 636 636 337 337
838 838 838 556 1015 684 686 722 770 667 611 778 752 295 500 667 557 863 748 787 667 787 722 667 611 732 684 989
685 667 685 390 337 390 838 556 500 613 635 550 635 615 352 635 634 278 278 579 278 974 634 612 635 635 411 521
392 634 592 818 592 592 525 636 337 636 838
"""
_BOLD = """
348 456 521 838 696 1002 872 306 457 457 523 838 380 415 380 365 696 696 696 696 696 696 696 696 696 696 400 400
838 838 838 611 1000 774 762 734 830 683 683 821 837 372 556 775 637 995 837 850 733 850 770 720 682 812 774
1103 771 724 725 457 365 457 838 556 500 675 716 593 716 678 435 716 712 343 343 665 343 1042 712 687 716 716
493 595 478 712 652 924 645 652 582 712 365 712 838
"""
_OTHERS = {"·": (318, 380), **dict.fromkeys("×−", (838, 838)), **dict.fromkeys("⌊⌋", (390, 457))}
_UNKNOWN = (1000, 1000)
"""What else there is comes from a font that nobody names."""

_PAIRS = zip(map(int, _REGULAR.split()), map(int, _BOLD.split()), strict=True)
_TABLE = {**{chr(number): pair for number, pair in enumerate(_PAIRS, ord(" "))}, **_OTHERS}


@record
class Words:
    """Words of a label as markup, and how wide they may be, in points."""

    markup: str
    width: float


def width(words: str, size: float, bold: bool = False) -> float:
    """How wide words are in the widest font, in points."""
    return sum(_TABLE.get(letter, _UNKNOWN)[bold] for letter in words) * size / 1000
