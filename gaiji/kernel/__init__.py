"""The hot loops over memory, compiled or interpreted: nothing here knows a charset, a layout or a file."""
