"""Search: resources found by what stands in them."""
