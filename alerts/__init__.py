"""Who must be told, by which channel, until someone answers?"""
