"""Videos: from a file to the few pictures that say what it shows. What is wrong with a video is a `VideoError`."""
