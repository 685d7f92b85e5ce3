"""What the product promises, rule by rule; the folders mirror `src`."""
