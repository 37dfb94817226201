"""What script/check is made of: tree (files as rules see them), rules, cases (the self-test)."""
