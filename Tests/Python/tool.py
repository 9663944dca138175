"""The tool that a script was given as its first argument, and how it is run."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOOL = os.path.abspath(sys.argv[1])


def run(*arguments, **options):
    return subprocess.run([TOOL, *arguments], capture_output=True, timeout=300, **options)
