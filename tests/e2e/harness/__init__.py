"""What the end-to-end tests, the fault sweeps and `make demo` share: a local CA, a fresh tree, and ways to look at both."""
