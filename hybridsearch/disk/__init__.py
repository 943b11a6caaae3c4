"""Files that survive a power cut, locks between processes, and errors of the disk in our own words."""
