"""Measures Argosy beside other serving stacks, in one run on one machine.

`script/bench [invoke|lifecycle|large|all]`; docs/benchmarks.md says what each figure means. The
package publishes nothing it did not measure itself, and drops no peer: one that cannot be
installed or started stays in the table with its reason.
"""
