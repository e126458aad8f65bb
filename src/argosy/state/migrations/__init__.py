"""Alembic's folder: env.py runs it, versions/ holds one file per revision, rNNNN_what.py."""
