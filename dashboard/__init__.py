"""The dispatcher's console: its own process. If it dies, hangs or is attacked, alerts go on."""
