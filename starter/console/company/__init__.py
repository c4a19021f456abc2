"""Commands on what a company settles for itself: policy and organisation, and the trial of a policy."""
