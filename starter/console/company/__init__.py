"""Commands on a company's own data: policy, organisation, and the trial of a policy."""
