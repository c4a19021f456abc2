"""Commands on post-incident reviews of closed cases: look at them, work on them (R27).

The analysis report over all cases is `starter.console.analysis`.
"""
