"""Lists of any length: columns as plain functions, pages by the last row, what an address asks for."""
