"""The servers that tests stand on: private, on loopback, ended with the test run that started them."""
