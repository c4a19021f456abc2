"""The commands of `bihuan`: read what was typed, call a service, print tables for people and JSON for programs.

What a command does belongs in `starter.services`, what is allowed in `workflows.domain`. Modules import what they need
when one of their commands is called, so that short commands stay quick.
"""
