"""Compares `zorba` with other programs: alternating runs, ratios within a round, tables."""
