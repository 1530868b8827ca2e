"""The conversations with fake provider APIs. Nothing is skipped for want of a part: what is missing is a failure."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
