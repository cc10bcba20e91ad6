"""Making avatars: everything here is for authors and is never imported to play one.

Importing this package does no work; the modules in it need numpy, and Pillow where a picture is
encoded (``pip install pillow``).
"""
