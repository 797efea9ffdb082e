"""The phone page: its files, what it shows, the acts it sends, the notes it puts to calls. docs/phone.md tells it."""
