"""What the engine shows, measured: on its coordinates, and on output pixels by two judges.

Needs the environment of scripts/train and this package installed in it; see README.md.
"""
