"""What happens in all cases, as it happens, told to whoever listens and may read it (R47).

One reader a process, and a bounded queue a listener. How it is written on a line is the web's business.
"""
