"""A recorded shift, replayed against the running program."""
