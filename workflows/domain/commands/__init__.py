"""The commands that cases, departments' tasks and reviews take, with their fields and bounds.

Shapes only; whether a command may be carried out is for the rules to say.
"""
