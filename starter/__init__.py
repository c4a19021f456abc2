"""What people use: the admin script and its commands, the services behind them, checks, trials and demonstrations.

Nothing below imports it: workers and workflows run without.
"""
