"""What the user has chosen: defaults, files, profile, environment and flags, merged into one typed tree.

Every value knows where it came from. Nothing is read when a module here is imported, and nothing here
knows what a setting is used for.
"""
