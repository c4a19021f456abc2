"""What an installation is: its settings and files, and everything built from them that processes share."""
