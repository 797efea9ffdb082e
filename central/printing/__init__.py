"""Codes on paper: symbols, papers, and the languages that printers speak."""
