"""What people use: the admin script and its commands, the services behind them, checks, trials and demonstrations.

Nothing below imports it: what workers and workflows need belongs in `worker`, `activities` or `workflows`.
"""
