"""The Temporal server that comes along: started, locked to its folder, backed up."""
