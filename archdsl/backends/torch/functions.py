"""Functions of the language that Python lacks, where a class needs them."""

FUNCTIONS = {
    "divisible": '''\
def divisible(value: int, divisor: int) -> int:
    """The nearest multiple of the divisor, not below nine tenths of the value."""
    rounded = max(divisor, (value + divisor // 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded
'''
}
