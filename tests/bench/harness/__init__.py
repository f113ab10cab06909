"""The benchmark's driver in parts: contest.py lets programs take turns, peers.py builds what is compared with, rows.py knows each row,
machine.py says where it ran, and report.py with plots.py make the pages."""
