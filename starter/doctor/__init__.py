"""The run of `bihuan doctor`: what checks share, what a check answers, and how all of them are run at once.

The checks themselves are in `checks`. How results are shown is the console's business.
"""
