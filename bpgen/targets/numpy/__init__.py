"""The module for numpy, plain or planned; another target differs from it in some rows."""
