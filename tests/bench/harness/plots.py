"""Plots as SVG, by hand: the page needs no library, no network, and no script.

Two kinds: lines over a number on two logarithmic scales, with a band from the 10th to the 90th percentile, and rows of dots on one
logarithmic scale, with a bar of the same spread. The palette is Okabe and Ito's, which people with any colour vision can tell apart.
"""
import html
import math

PALETTE = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555"]
WIDTH, LEFT, RIGHT = 760, 200, 24


def _text(x, y, text, anchor="start", size=12, weight="normal", colour="#333"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}" fill="{colour}">{html.escape(text)}</text>'


def _time(value):
    for factor, name in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        if value >= factor:
            return f"{value / factor:g} {name}"
    return f"{value:g} ns"


def _number(value):
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


class _Scale:
    """From a positive number to a place, logarithmic, with room on both sides."""

    def __init__(self, values, start, end):
        low, high = min(values), max(values)
        self.low, self.high = math.log10(low / 1.25), math.log10(high * 1.25)
        self.start, self.end = start, end

    def at(self, value):
        return self.start + (math.log10(value) - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self):
        powers = range(math.floor(self.low), math.ceil(self.high) + 1)
        steps = (1,) if self.high - self.low > 2.2 else (1, 2, 5)
        return [s * 10.0 ** p for p in powers for s in steps if self.low <= math.log10(s * 10.0 ** p) <= self.high]


def _legend(names, colours, x, y):
    out = []
    for name in names:
        out.append(f'<circle cx="{x}" cy="{y - 4}" r="4.5" fill="{colours[name]}"/>' + _text(x + 9, y, name))
        x += 26 + 6.9 * len(name)
    return "".join(out)


def _frame(title, height, body):
    return (f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{html.escape(title)}" xmlns="http://www.w3.org/2000/svg" '
            f'font-family="system-ui, sans-serif"><rect width="{WIDTH}" height="{height}" fill="#fff"/>'
            f'{_text(16, 22, title, size=14, weight="600", colour="#111")}{body}</svg>')


ALWAYS = {"Cedar": 2, "regorus": 3, "OPA": 4}  # who is in several plots keeps its colour


def colours_of(names):
    free = iter([i for i in range(len(PALETTE)) if i not in {ALWAYS[name] for name in names if name in ALWAYS}] * 2)
    return {name: PALETTE[ALWAYS[name] if name in ALWAYS else next(free)] for name in names}


def dots(title, groups, unit=_time):
    """groups: [(label, [(series, median, low, high)])]; smaller is better."""
    series = list(dict.fromkeys(name for _, points in groups for name, *_ in points))
    values = [value for _, points in groups for _, *numbers in points for value in numbers if value > 0]
    if not values:
        return ""
    colours = colours_of(series)
    step = 9 * len(series) + 10
    top, height = 62, 62 + step * len(groups) + 44
    scale = _Scale(values, LEFT, WIDTH - RIGHT)
    out = [_legend(series, colours, 20, 44)]
    bottom = top + step * len(groups)
    for tick in scale.ticks():
        x = scale.at(tick)
        out.append(f'<line x1="{x:.1f}" y1="{top - 6}" x2="{x:.1f}" y2="{bottom}" stroke="#e4e4e4"/>' + _text(x, bottom + 16, unit(tick), "middle", 11, colour="#666"))
    for row, (label, points) in enumerate(groups):
        y = top + step * row
        if row % 2 == 0:
            out.append(f'<rect x="0" y="{y - 4}" width="{WIDTH}" height="{step}" fill="#000" opacity="0.03"/>')
        out.append(_text(LEFT - 10, y + step / 2, label, "end"))
        for name, median, low, high in points:
            if median <= 0:
                continue
            line = y + 9 + 9 * series.index(name)
            low, high = max(low, min(values)), max(high, median)
            out.append(f'<line x1="{scale.at(low):.1f}" y1="{line}" x2="{scale.at(high):.1f}" y2="{line}" stroke="{colours[name]}" stroke-width="2" opacity="0.45"/>'
                       f'<circle cx="{scale.at(median):.1f}" cy="{line}" r="4" fill="{colours[name]}"><title>{html.escape(name)}: {unit(float(f"{median:.3g}"))}</title></circle>')
    out.append(_text(WIDTH - RIGHT, bottom + 34, "less is better; logarithmic", "end", 11, colour="#666"))
    return _frame(title, height, "".join(out))


def lines(title, x_name, series, unit=_time):
    """series: {name: [(x, median, low, high)]}."""
    series = {name: [point for point in points if point[1] > 0] for name, points in series.items()}
    series = {name: points for name, points in series.items() if points}
    if not series:
        return ""
    height, top, bottom, left = 380, 64, 320, 84
    across = _Scale([x for points in series.values() for x, *_ in points], left, WIDTH - 150)
    up = _Scale([value for points in series.values() for _, *numbers in points for value in numbers if value > 0], bottom, top)
    colours = colours_of(series)
    out = [_legend(series, colours, 20, 44)]
    for tick in up.ticks():
        out.append(f'<line x1="{left}" y1="{up.at(tick):.1f}" x2="{WIDTH - 150}" y2="{up.at(tick):.1f}" stroke="#e4e4e4"/>' + _text(left - 8, up.at(tick) + 4, unit(tick), "end", 11, colour="#666"))
    for x in sorted({x for points in series.values() for x, *_ in points}):
        out.append(f'<line x1="{across.at(x):.1f}" y1="{bottom}" x2="{across.at(x):.1f}" y2="{bottom + 5}" stroke="#999"/>' + _text(across.at(x), bottom + 19, _number(x), "middle", 11, colour="#666"))
    placed = []
    for name, points in sorted(series.items(), key=lambda one: -one[1][-1][1]):  # from the top down, so that names keep the order of lines
        band = [f"{across.at(x):.1f},{up.at(max(high, median)):.1f}" for x, median, _, high in points]
        band += [f"{across.at(x):.1f},{up.at(min(low, median) if low > 0 else median):.1f}" for x, median, low, _ in reversed(points)]
        out.append(f'<polygon points="{" ".join(band)}" fill="{colours[name]}" opacity="0.15"/>')
        path = " ".join(f"{across.at(x):.1f},{up.at(median):.1f}" for x, median, *_ in points)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colours[name]}" stroke-width="2"/>')
        out += [f'<circle cx="{across.at(x):.1f}" cy="{up.at(median):.1f}" r="3.5" fill="{colours[name]}"/>' for x, median, *_ in points]
        x, median, *_ = points[-1]
        y = up.at(median) + 4
        while any(abs(y - other) < 13 for other in placed):
            y += 13
        placed.append(y)
        out.append(_text(across.at(x) + 9, y, f"{name} {unit(float(f'{median:.3g}'))}", size=11, colour=colours[name]))
    out.append(f'<line x1="{left}" y1="{bottom}" x2="{WIDTH - 150}" y2="{bottom}" stroke="#999"/>' + _text((left + WIDTH - 150) / 2, bottom + 42, f"{x_name} (both scales logarithmic)", "middle", 11, colour="#666"))
    return _frame(title, height, "".join(out))
