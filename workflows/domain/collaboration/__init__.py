"""A department's task as a pure object (R18). `aggregate` is the way in; what a case remembers of it is a case's."""
