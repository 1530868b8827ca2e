"""Figures that a test measured, for the table that `make faults` prints: one line each in the file that SIGNET_FIGURES names."""
import os


def figure(goal, text):
    print("%s %s" % (goal, text))
    path = os.environ.get("SIGNET_FIGURES")
    if path:
        with open(path, "a") as f:
            f.write("%s\t%s\n" % (goal, text))
