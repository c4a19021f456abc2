"""django-helpdesk in a virtual environment of its own, for `benchmarks.peer`; nothing here may import bihuan."""
