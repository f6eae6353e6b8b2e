"""The command line door: parse, ask one service, print."""
