"""Where the generated pages of docs/ come from: each module here turns a part of the code into text."""
