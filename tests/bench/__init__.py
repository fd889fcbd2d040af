"""What the bot costs, as counts or as ratios to a yardstick of the same run: see docs/performance.md.

`python -m tests.bench` measures all of them, `python -m tests.bench P9` one.
"""
