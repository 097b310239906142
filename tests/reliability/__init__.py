"""Scripts that break things for real and measure what is left; docs/reliability.md has their figures.

They are no tests of the suite, which has short forms of them: run ``python -m tests.reliability.NAME --help``.
"""
