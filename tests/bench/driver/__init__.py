"""What tests/bench/run.py is made of."""
