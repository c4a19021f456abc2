"""A company's people, groups and departments as data, and the choice of an owner among them (R11, R12).

What reads the files is `activities.organisation`; what a case keeps of a person is `workflows.domain.terms.Member`.
"""
