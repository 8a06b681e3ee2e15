"""The tests; each folder follows the package it tells about."""
