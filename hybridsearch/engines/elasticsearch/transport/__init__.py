"""Between this process and the servers: connections, waiting, asking again, and what is read of an answer."""
