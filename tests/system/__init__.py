"""The whole product as an operator runs it: its own processes on real servers, seen from outside only.

Nothing of ours is imported here: what is right is said anew, from the stand-ins and from the contract.
"""
