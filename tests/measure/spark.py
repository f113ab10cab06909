#!/usr/bin/env python3
"""Decisions through rdd.pipe of a local Spark, against those of one process.

    spark.py CONSTC POLICY EVENTS.jsonl [PARTITIONS]

Needs `pip install pyspark` and a Java runtime, so it is no test of the build. Two ways of cutting the events into partitions: as they stand, which is right for a
policy that keeps nothing from one event to the next; and by session (the default), each partition in the order of the events, which is right for every policy without
`across sessions`. Each line must come back at its place, with the same bytes, also when a partition is computed twice, as Spark does after a failure.
"""
import json
import subprocess
import sys
import zlib

from pyspark import SparkConf, SparkContext


def main():
    constc, policy, path = sys.argv[1:4]
    partitions = int(sys.argv[4]) if len(sys.argv) > 4 else 4
    lines = [line for line in open(path, encoding="utf-8").read().split("\n") if line.strip()]
    expected = subprocess.run([constc, "run", policy, path], capture_output=True, check=True).stdout.decode().splitlines()
    assert len(lines) == len(expected)
    spark = SparkContext(conf=SparkConf().setMaster("local[2]").setAppName("constitution").set("spark.ui.enabled", "false"))
    spark.setLogLevel("ERROR")
    command = f"{constc} run {policy}"

    def session(line):
        try:
            found = json.loads(line).get("session", "")
        except (ValueError, AttributeError):
            found = ""
        return zlib.crc32(str(found).encode())

    by_session = (spark.parallelize(list(enumerate(lines)), partitions).keyBy(lambda pair: session(pair[1]))
                  .partitionBy(partitions).values()
                  .mapPartitions(lambda pairs: iter(sorted(pairs))))
    numbers = by_session.keys().glom().collect()
    for attempt in range(2):
        answers = by_session.values().pipe(command).glom().collect()
        found = [None] * len(lines)
        for order, texts in zip(numbers, answers):
            assert len(order) == len(texts), "a partition lost or made lines"
            for number, text in zip(order, texts):
                found[number] = text
        assert found == expected, next((n, a, b) for n, (a, b) in enumerate(zip(found, expected)) if a != b)
    print(f"{len(lines)} events in {partitions} partitions by session, twice: the bytes of one process")
    if "--stateless" in sys.argv:
        assert spark.parallelize(lines, partitions).pipe(command).collect() == expected
        print(f"{len(lines)} events in {partitions} partitions as they stand: the bytes of one process")
    spark.stop()


if __name__ == "__main__":
    main()
