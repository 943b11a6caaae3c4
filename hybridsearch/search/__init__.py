"""The line query → page: the planner makes a plan of a query, a schema and weights."""
