"""Commands on what a company settles for itself: policy and organisation, and the trial of a policy.

Settings of an installation are no company data: commands on those are in `starter.console.system`.
"""
