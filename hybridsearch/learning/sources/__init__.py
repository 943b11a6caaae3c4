"""Where judgments come from: files of several programs, clicks, sessions, orders."""
