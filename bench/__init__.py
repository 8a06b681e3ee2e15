"""Measurements that anybody can repeat, one script for each number. See README.md."""
