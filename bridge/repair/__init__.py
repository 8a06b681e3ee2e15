"""Understanding and mending what went wrong: dead letters in groups, previews, replays, drops.

Pages and commands show what this decides.
"""
