"""The 同定表 as CSV, XLSX and HTML, out and in."""
