"""How whatever leaves the product as a workbook or a CSV is written: typed, and without a live formula."""
