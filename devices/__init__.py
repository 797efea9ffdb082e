"""Scanners, buttons and lights. Knows nothing of jobs and imports nothing of ours."""
