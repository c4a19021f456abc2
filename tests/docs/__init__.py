"""Tests that hold the documents to the code: commands, settings, policy keys, rules, rights, links, twins of languages.

What a document's examples do when they are run belongs with what they show: `tests/starter/web/api` (API, webhooks),
`tests/workflows` (patches), `tests/test_deploy.py` (deployment).
"""
