"""The fault lab: real processes killed, cut off, filled up and set to wrong times, judged by what was beeped."""
