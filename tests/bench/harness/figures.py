"""Numbers for the pages: medians, spread, ratios by round, and how they are written."""


class Figures:
    """The records of one row, by case, who and what."""

    def __init__(self, records):
        self.values = {}
        self.units = {}
        for record in records:
            key = (record["case"], record["who"], record["what"])
            self.values[key] = record["values"]
            self.units[key] = record["unit"]

    def cases(self, test=None):
        return [case for case in dict.fromkeys(case for case, _, _ in self.values) if test is None or test(case)]

    def get(self, case, who, what):
        return self.values.get((case, who, what)) or None

    def unit(self, case, who, what):
        return self.units.get((case, who, what), "")


def part(values, share):
    """The value that a share of the others is below, between neighbours if it must be."""
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def spread(values):
    """Median, 10th and 90th percentile of the rounds."""
    return part(values, 0.5), part(values, 0.1), part(values, 0.9)


def ratio(over, under):
    """Of each round to the same round of the other, where both took turns; else of the medians."""
    if len(over) == len(under) and len(over) > 1:
        return spread([a / b for a, b in zip(over, under)])
    value = part(over, 0.5) / part(under, 0.5)
    return value, value, value


SCALES = {"ns": [(1, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")], "us": [(1, "µs"), (1e3, "ms"), (1e6, "s")], "ms": [(1e-3, "µs"), (1, "ms"), (1e3, "s")]}


def digits(value):
    """Three digits that count."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def scaled(value, unit):
    if unit not in SCALES:
        return f"{digits(value) if value != int(value) else f'{value:,.0f}'} {unit}".strip()
    factor, name = next(((f, n) for f, n in reversed(SCALES[unit]) if value >= f), SCALES[unit][0])
    return f"{digits(value / factor)} {name}"


def written(values, unit):
    """Median with spread, as a cell of a table."""
    median, low, high = spread(values)
    if len(values) == 1:
        return scaled(median, unit)
    factor, name = (1, unit)
    if unit in SCALES:
        factor, name = next(((f, n) for f, n in reversed(SCALES[unit]) if median >= f), SCALES[unit][0])
    return f"{digits(median / factor)} {name} ({digits(low / factor)}–{digits(high / factor)})"


def written_ratio(over, under):
    median, low, high = ratio(over, under)
    if low == high:
        return f"{digits(median)}×"
    return f"{digits(median)}× ({digits(low)}–{digits(high)})"
