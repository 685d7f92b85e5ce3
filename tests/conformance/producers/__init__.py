"""Result files that the real programs write in the test run, read and held against what these
programs themselves say of them."""
