"""What people use: the admin script, intake, and the demonstration."""
