"""Durable state: records in a relational database."""
