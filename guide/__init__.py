"""Six pages for who begins, each run by the tests, and the picture that the README opens with."""
