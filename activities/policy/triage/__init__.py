"""The rules of triage that come with the product, and lists of words by their names, in a policy file."""
