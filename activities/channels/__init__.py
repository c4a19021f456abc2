"""Ways to people over HTTP: short messages and the robots of chat groups, each as its vendor documents it (R44).

Here belong the settings of a channel, what its vendor is asked and how the answer is to be read, and how fast it may
be asked. Which message goes by which channel is decided in `activities.messages`; when, and what becomes of it
afterwards, in `activities.delivery`.
"""
