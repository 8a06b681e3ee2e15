"""`bridge dead`: what the bridge stopped trying, to be understood, replayed or dropped."""
