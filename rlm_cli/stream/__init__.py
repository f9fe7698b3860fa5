"""The stream of events: stamped, journalled, offered to faces, and read back from session files.

Knows events and the clock, and nothing of what the events are about.
"""
