"""The station page: views in, page inputs out, served on loopback to a browser beside the line."""
