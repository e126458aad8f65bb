"""The registry of models: groups, packages and their versions, approval, models made of them."""
