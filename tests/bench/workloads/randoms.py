"""Two generators of random numbers.

JavaRandom is java.util.Random, since the published workloads were drawn with it: drawing the same numbers in the same order gives
the same facts, and the published counts of permits are then the check of ours. Small is a generator for workloads of our own.
"""

MASK = (1 << 48) - 1


class JavaRandom:
    def __init__(self, seed):
        self.state = (seed ^ 0x5DEECE66D) & MASK

    def next(self, bits):
        self.state = (self.state * 0x5DEECE66D + 11) & MASK
        return self.state >> (48 - bits)

    def int(self, bound):
        if bound & (bound - 1) == 0:
            return (bound * self.next(31)) >> 31
        while True:
            drawn = self.next(31)
            value = drawn % bound
            if drawn - value + bound - 1 < 1 << 31:
                return value

    def double(self):
        high = self.next(26)
        return ((high << 27) + self.next(27)) / (1 << 53)

    def bool(self):
        return self.next(1) == 1

    def edge(self):
        """Is this edge of the graph there? Every workload draws them with p = 0.05."""
        return self.double() < 0.05


class Small:
    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & ((1 << 64) - 1)
        return (self.state >> 33) % bound
