"""The shell: the only package that touches the world."""
